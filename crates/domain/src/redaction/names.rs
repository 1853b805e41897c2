//! Whether a variable, key or flag is stored under a name that says it is secret.

/// Words of a name, joined without separators, that say so.
const SECRET: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "privatekey",
    "authorization",
    "accesskey",
    "signingkey",
    "encryptionkey",
    "connectionstring",
    "cookie",
    "webhookurl",
];
/// Names that only point to a secret, and Kubernetes' own fields with such words.
const POINTERS: [&str; 8] = [
    "secretname",
    "secretref",
    "secretkeyref",
    "imagepullsecrets",
    "automountserviceaccounttoken",
    "tokenpath",
    "serviceaccounttoken",
    "optional",
];

/// Whether the name says that its value is secret.
pub(super) fn is_secret(name: &str) -> bool {
    if name.len() > 200 {
        return false;
    }
    let joined: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if POINTERS.contains(&joined.as_str()) {
        return false;
    }
    let is_short_word = |word: &str| {
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
    };
    SECRET.iter().any(|word| joined.contains(word))
        || is_short_word("dsn")
        || joined.ends_with("dbpwd")
        || joined.ends_with("userpwd")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_secret_are_told_from_those_that_only_point_to_one() {
        for secret in [
            "DB_PASSWORD",
            "password",
            "apiKey",
            "API_KEY",
            "X-Auth-Token",
            "clientSecret",
            "AWS_SECRET_ACCESS_KEY",
            "PRIVATE_KEY",
            "Authorization",
            "credentials",
            "SENTRY_DSN",
            "--db-password",
        ] {
            assert!(is_secret(secret), "{secret}");
        }
        for plain in [
            "secretKeyRef",
            "secretName",
            "DATABASE_URL",
            "name",
            "image",
            "FEATURE_X",
            "PWD",
            "KEY",
            "key",
            "path",
        ] {
            assert!(!is_secret(plain), "{plain}");
        }
    }
}

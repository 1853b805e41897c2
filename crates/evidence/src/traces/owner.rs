//! Whose code a frame is in, by well-known prefixes. What is not known to be a library's is the service's.

use domain::{FrameOwner, Language};

/// Packages of the JDK and of widely used libraries and frameworks on the JVM.
const JAVA: [&str; 62] = [
    "java.",
    "javax.",
    "jakarta.",
    "sun.",
    "jdk.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "clojure.",
    "org.springframework.",
    "io.quarkus.",
    "io.micronaut.",
    "io.helidon.",
    "io.vertx.",
    "io.netty.",
    "io.undertow.",
    "io.smallrye.",
    "io.grpc.",
    "io.reactivex.",
    "io.opentelemetry.",
    "io.micrometer.",
    "io.lettuce.",
    "io.jsonwebtoken.",
    "io.ktor.",
    "reactor.",
    "akka.",
    "org.jboss.",
    "org.wildfly.",
    "org.hibernate.",
    "org.apache.",
    "org.eclipse.",
    "org.glassfish.",
    "org.slf4j.",
    "org.junit.",
    "org.mockito.",
    "org.postgresql.",
    "org.mariadb.",
    "org.mongodb.",
    "org.xnio.",
    "org.flywaydb.",
    "org.jooq.",
    "com.fasterxml.",
    "com.google.common.",
    "com.google.gson.",
    "com.google.inject.",
    "com.google.protobuf.",
    "com.zaxxer.",
    "com.mysql.",
    "com.mongodb.",
    "com.netflix.",
    "com.amazonaws.",
    "software.amazon.",
    "ch.qos.",
    "okhttp3.",
    "feign.",
    "redis.clients.",
    "net.bytebuddy.",
    "liquibase.",
    "slick.",
    "cats.",
];
/// Marks of classes that a framework generates.
const JAVA_GENERATED: [&str; 6] =
    ["$$", "$Proxy", "_ClientProxy", "_Subclass", "_Bean", "GeneratedMethodAccessor"];
const PYTHON: [&str; 5] = ["site-packages", "dist-packages", "/lib/python", "/lib64/python", "<frozen "];
const RUST_FILES: [&str; 6] =
    ["/rustc/", "cargo/registry/", "cargo/git/", "/rustlib/src/", "library/std/src/", "library/core/src/"];
const RUST_FUNCTIONS: [&str; 12] = [
    "core::",
    "std::",
    "alloc::",
    "<core::",
    "<std::",
    "<alloc::",
    "tokio::",
    "hyper::",
    "axum::",
    "tower::",
    "rust_begin_unwind",
    "__rust",
];

/// Whose a frame is; `function` is the qualified method in Java.
pub(super) fn of(language: Language, file: &str, function: &str) -> FrameOwner {
    let is_library = match language {
        Language::Java => {
            JAVA.iter().any(|prefix| function.starts_with(prefix))
                || JAVA_GENERATED.iter().any(|mark| function.contains(mark))
        }
        Language::Python => file.starts_with('<') || PYTHON.iter().any(|part| file.contains(part)),
        Language::Rust => {
            RUST_FILES.iter().any(|part| file.contains(part))
                || RUST_FUNCTIONS.iter().any(|prefix| function.starts_with(prefix))
        }
    };
    if is_library { FrameOwner::Library } else { FrameOwner::Service }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_from_the_service_by_well_known_prefixes() {
        use FrameOwner::{Library, Service};
        use Language::{Java, Python, Rust};
        for (language, file, function, owner) in [
            (Java, "shop/users/UserResource.java", "shop.users.UserResource.get", Service),
            (Java, "javashop/A.java", "javashop.A.f", Service),
            (Java, "java/lang/Thread.java", "java.lang.Thread.run", Library),
            (Java, "io/quarkus/A.java", "io.quarkus.A.f", Library),
            (Java, "shop/A.java", "shop.A$$FastClass.f", Library),
            (Python, "/app/shop/x.py", "f", Service),
            (Python, "/usr/local/lib/python3.12/asyncio/base_events.py", "run", Library),
            (Python, "/app/.venv/lib/python3.12/site-packages/flask/app.py", "run", Library),
            (Python, "<frozen importlib._bootstrap>", "x", Library),
            (Rust, "src/a.rs", "", Service),
            (Rust, "/rustc/17067e9ac6d/library/core/src/panicking.rs", "core::panicking::panic_fmt", Library),
            (Rust, "/usr/local/cargo/registry/src/index/serde-1.0/src/lib.rs", "serde::f", Library),
        ] {
            assert_eq!(of(language, file, function), owner, "{file} {function}");
        }
    }
}

#!/usr/bin/env bash
# Makes the history of acme/shop, a small service whose release v1.1.0 breaks what v1.0.0 did well, and writes it as
# FOLDER/shop.bundle. The commits that matter are named in FOLDER/shop.env (stable, culprit, canary; lowered).
# Authors and dates are fixed, so the same shas come out everywhere.
set -euo pipefail
folder=${1:?usage: repository.sh FOLDER}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"

# Nobody's own configuration (signing, hooks, line ends) may leak into the shas.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME='Robin Shopkeeper' GIT_AUTHOR_EMAIL=robin@acme.example
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
day=0
commit() { # subject
  day=$((day + 1))
  printf -v GIT_AUTHOR_DATE '2026-03-%02dT09:00:00+00:00' $day
  export GIT_AUTHOR_DATE GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
  git add --all
  git commit --quiet --message "$1"
}

git init --quiet --initial-branch=main .
mkdir -p src/main/java/shop/users src/main/resources/static src/test/java/shop/users
cat > README.md << 'TEXT'
# shop

Serves the users of the shop: `GET /users/{id}` answers with a user and the name to show.
TEXT
cat > src/main/resources/application.properties << 'TEXT'
server.port=8080
database.pool.size=10
TEXT
cat > src/main/resources/static/shop.css << 'TEXT'
.user { color: #333; }
TEXT
cat > src/main/java/shop/users/Profile.java << 'TEXT'
package shop.users;

/** What a user told about themselves; every part of it may be missing. */
public record Profile(String displayName, String city) {}
TEXT
cat > src/main/java/shop/users/UserResource.java << 'TEXT'
package shop.users;

import java.util.Map;
import java.util.Optional;

/**
 * Answers GET /users/{id}.
 */
public final class UserResource {
    private final Map<Integer, User> users;

    public UserResource(Map<Integer, User> users) {
        this.users = users;
    }

    /** The user as JSON, or nothing when there is none. */
    public Optional<String> get(int id) {
        User user = users.get(id);
        if (user == null) {
            return Optional.empty();
        }
        return Optional.of(json(user.id(), displayName(user)));
    }

    /** How many users there are. */
    public int count() {
        return users.size();
    }

    private String json(int id, String name) {
        return "{\"id\":" + id + ",\"name\":\"" + name + "\"}";
    }

    /**
     * The name to show for a user.
     *
     * Users who signed up before profiles existed have an empty one,
     * so the login stands in for the name they never gave.
     */
    private String displayName(User user) {
        Profile profile = user.profile();
        return Optional.ofNullable(profile.displayName()).orElse(user.login());
    }
}
TEXT
cat > src/main/java/shop/users/User.java << 'TEXT'
package shop.users;

/** Someone who buys here. */
public record User(int id, String login, Profile profile) {}
TEXT
commit 'Serve users'
git tag v1.0.0
stable=$(git rev-parse HEAD)

echo 'It is started by java -jar shop.jar.' >> README.md
commit 'Say how to start the shop'

cat > src/test/java/shop/users/UserResourceTest.java << 'TEXT'
package shop.users;

import java.util.Map;

final class UserResourceTest {
    void countsUsers() {
        assert new UserResource(Map.of()).count() == 0;
    }
}
TEXT
commit 'Test the number of users'

sed -i 's/#333/#222/' src/main/resources/static/shop.css
commit 'Darken the names of users'

sed -i 's/return Optional.ofNullable(profile.displayName()).*/return profile.displayName().trim();/' \
  src/main/java/shop/users/UserResource.java
commit 'Show display names without stray spaces'
culprit=$(git rev-parse HEAD)

sed -i 's/pool.size=10/pool.size=12/' src/main/resources/application.properties
commit 'Give the database two more connections'
git tag v1.1.0
canary=$(git rev-parse HEAD)

echo 'Questions go to #shop.' >> README.md
commit 'Say where to ask'

# What is rolled out, and a release of it that has too little memory.
mkdir -p deploy
cat > deploy/shop.yaml << 'TEXT'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  replicas: 2
  selector:
    matchLabels: { app: shop }
  template:
    metadata:
      labels: { app: shop }
    spec:
      containers:
        - name: shop
          image: registry.acme.example/shop
          resources:
            limits:
              memory: 256Mi
TEXT
commit 'Keep the manifest beside the code'
git tag v1.2.0

sed -i 's/memory: 256Mi/memory: 64Mi/' deploy/shop.yaml
commit 'Ask for less memory'
lowered=$(git rev-parse HEAD)

sed -i 's/pool.size=12/pool.size=14/' src/main/resources/application.properties
commit 'Give the database two more connections again'
git tag v1.3.0

git bundle create --quiet "$folder/shop.bundle" --all
printf '%s=%s\n' stable "$stable" culprit "$culprit" canary "$canary" lowered "$lowered" > "$folder/shop.env"

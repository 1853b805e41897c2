//! Writes: each takes the next resourceVersion and stands in the log.

use std::sync::Arc;

use chrono::Duration;
use serde_json::{Value, json};

use super::{Change, Deed, Key, Kind, LOG_LIMIT, Refusal, State, Store};
use crate::kubernetes::{
    clock,
    kinds::{Generation, Scope},
    object::{items, number, remove, set, text},
};

/// How long a pod may take to end when nobody says otherwise, in seconds.
const DEFAULT_GRACE: i64 = 30;

impl Store {
    /// Stores a new object, filling in uid, times and version; its namespace is made when it is missing.
    ///
    /// # Errors
    /// When its kind is unknown, it has no name, or its name is taken.
    pub fn create(&self, mut object: Value) -> Result<Value, Refusal> {
        let kind = Kind::of(&object).ok_or_else(|| {
            Refusal::bad_request(format!(
                "no kind \"{}\" is registered for version \"{}\"",
                text(&object, "/kind"),
                text(&object, "/apiVersion")
            ))
        })?;
        if kind.scope() == Scope::Namespaced {
            if text(&object, "/metadata/namespace").is_empty() {
                set(&mut object, "/metadata/namespace", "default");
            }
            self.ensure_namespace(text(&object, "/metadata/namespace"));
        }
        self.insert(kind, object)
    }

    /// Makes the namespace unless it is there.
    pub fn ensure_namespace(&self, name: &str) {
        if self.get(Kind::Namespace, "", name).is_none() {
            // Somebody else may have been faster, which is as good.
            let _ = self.insert(
                Kind::Namespace,
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            );
        }
    }

    /// Changes an object in place; a change that changes nothing takes no version.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn update(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Refusal> {
        self.try_update(kind, namespace, name, |object| {
            change(object);
            Ok(())
        })
    }

    /// Merges `patch` into an object (RFC 7386).
    ///
    /// # Errors
    /// When there is no such object.
    pub fn merge(&self, kind: Kind, namespace: &str, name: &str, patch: &Value) -> Result<Value, Refusal> {
        self.update(kind, namespace, name, |object| crate::kubernetes::patch::merge(object, patch))
    }

    /// Deletes an object and what it owns. A pod that a kubelet runs is marked, and goes when its containers have ended.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn delete(&self, kind: Kind, namespace: &str, name: &str) -> Result<Value, Refusal> {
        self.delete_within(kind, namespace, name, None)
    }

    /// Deletes as [`Store::delete`] does, with a grace period in seconds; 0 removes at once.
    pub(crate) fn delete_within(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        grace: Option<i64>,
    ) -> Result<Value, Refusal> {
        let object = self.get(kind, namespace, name).ok_or_else(|| Refusal::not_found(kind, name))?;
        let grace =
            grace.or_else(|| number(&object, "/spec/terminationGracePeriodSeconds")).unwrap_or(DEFAULT_GRACE);
        if kind != Kind::Pod || !self.has_kubelet() || grace == 0 {
            return self.remove(kind, namespace, name);
        }
        if !text(&object, "/metadata/deletionTimestamp").is_empty() {
            return Ok(object);
        }
        let due = clock::seconds(self.clock().now() + Duration::seconds(grace));
        self.update(kind, namespace, name, |pod| {
            set(pod, "/metadata/deletionTimestamp", due);
            set(pod, "/metadata/deletionGracePeriodSeconds", grace);
        })
    }

    /// Removes an object at once, and then what it owns, as the garbage collector does.
    pub(crate) fn remove(&self, kind: Kind, namespace: &str, name: &str) -> Result<Value, Refusal> {
        let removed = {
            let mut state = self.lock();
            let key = Key::new(kind, namespace, name);
            let object = state.objects.remove(&key).ok_or_else(|| Refusal::not_found(kind, name))?;
            let mut object = Value::clone(&object);
            state.record(kind, Deed::Deleted, &mut object, None);
            object
        };
        self.publish();
        for (kind, namespace, name) in self.owned_by(text(&removed, "/metadata/uid")) {
            // Gone already is gone.
            let _ = self.delete_within(kind, &namespace, &name, None);
        }
        Ok(removed)
    }

    /// Stores a new object of a known kind.
    pub(crate) fn insert(&self, kind: Kind, mut object: Value) -> Result<Value, Refusal> {
        let generated = text(&object, "/metadata/generateName").to_owned();
        if text(&object, "/metadata/name").is_empty() && !generated.is_empty() {
            set(&mut object, "/metadata/name", format!("{generated}{}", self.names().ending()));
        }
        let name = text(&object, "/metadata/name").to_owned();
        if name.is_empty() {
            return Err(Refusal::invalid(
                kind,
                "",
                "metadata.name",
                "Required value: name or generateName is required",
            ));
        }
        self.stamp(kind, &mut object);
        let mut state = self.lock();
        let key = Key::new(kind, text(&object, "/metadata/namespace"), &name);
        if state.objects.contains_key(&key) {
            return Err(Refusal::already_exists(kind, &name));
        }
        let stored = state.record(kind, Deed::Added, &mut object, None);
        state.objects.insert(key, stored);
        drop(state);
        self.publish();
        Ok(object)
    }

    /// Changes an object in place unless `change` refuses.
    pub(crate) fn try_update(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value) -> Result<(), Refusal>,
    ) -> Result<Value, Refusal> {
        let mut state = self.lock();
        let key = Key::new(kind, namespace, name);
        let before = state.objects.get(&key).map(Arc::clone).ok_or_else(|| Refusal::not_found(kind, name))?;
        let mut object = Value::clone(&before);
        change(&mut object)?;
        for fixed in ["/metadata/name", "/metadata/namespace", "/metadata/uid", "/metadata/creationTimestamp"]
        {
            if let Some(value) = before.pointer(fixed) {
                set(&mut object, fixed, value.clone());
            }
        }
        if let Some(version) = before.pointer("/metadata/resourceVersion") {
            set(&mut object, "/metadata/resourceVersion", version.clone());
        }
        if object == *before {
            return Ok(object);
        }
        count_generation(kind, &before, &mut object);
        let stored = state.record(kind, Deed::Modified, &mut object, Some(before));
        state.objects.insert(key, stored);
        drop(state);
        self.publish();
        Ok(object)
    }

    fn stamp(&self, kind: Kind, object: &mut Value) {
        if text(object, "/metadata/uid").is_empty() {
            set(object, "/metadata/uid", self.names().uid());
        }
        if text(object, "/metadata/creationTimestamp").is_empty() {
            set(object, "/metadata/creationTimestamp", self.clock().seconds());
        }
        if kind.generation() != Generation::None && number(object, "/metadata/generation").is_none() {
            set(object, "/metadata/generation", 1);
        }
        if kind == Kind::Namespace && object.pointer("/status/phase").is_none() {
            set(object, "/status/phase", "Active");
        }
        remove(object, "/metadata/managedFields");
    }

    fn owned_by(&self, uid: &str) -> Vec<(Kind, String, String)> {
        let state = self.lock();
        let owned = state.objects.iter().filter(|(_, object)| {
            items(object, "/metadata/ownerReferences").iter().any(|owner| text(owner, "/uid") == uid)
        });
        owned.map(|(key, _)| (key.kind, key.namespace.clone(), key.name.clone())).collect()
    }

    fn publish(&self) {
        let version = self.version();
        self.inner.version.send_replace(version);
    }
}

impl State {
    /// Gives the object the next version and writes the change into the log.
    fn record(
        &mut self,
        kind: Kind,
        deed: Deed,
        object: &mut Value,
        before: Option<Arc<Value>>,
    ) -> Arc<Value> {
        self.version += 1;
        set(object, "/metadata/resourceVersion", self.version.to_string());
        let object = Arc::new(object.clone());
        self.log.push_back(Change { version: self.version, kind, deed, object: Arc::clone(&object), before });
        if self.log.len() > LOG_LIMIT
            && let Some(oldest) = self.log.pop_front()
        {
            self.compacted = oldest.version;
        }
        object
    }
}

fn count_generation(kind: Kind, before: &Value, object: &mut Value) {
    let counts = match kind.generation() {
        Generation::None => return,
        Generation::Spec => before.get("spec") != object.get("spec"),
        Generation::All => {
            before.get("spec") != object.get("spec") || before.get("status") != object.get("status")
        }
    };
    let generation = number(before, "/metadata/generation").unwrap_or(1);
    set(object, "/metadata/generation", generation + i64::from(counts));
}

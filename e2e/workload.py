#!/usr/bin/env python3
"""Is the service inside the simulated pods: writes their logs, counts their requests, and fails when it is told to.

The node of the cluster shows pods as running but runs nothing. For every pod with the label app=shop this program writes the
log that the node then serves (a KWOK `Logs` object names the file), ten requests a second, and counts them for Prometheus at
/metrics. While the file FOLDER/failing/<namespace>.<version> exists, one request in five of that version fails with a stack
trace. FOLDER/logs/<namespace>.<pod>.log stays when the pod is gone, so that a story can tell what was said last.
"""

import argparse
import datetime
import http.client
import http.server
import json
import pathlib
import ssl
import threading
import time
import urllib.error
import urllib.request

TICK_SECONDS = 0.1
FAILS_ONE_IN = 5
TRACE = """\
java.lang.NullPointerException: Cannot invoke "String.trim()" because the return value of "shop.users.Profile.displayName()" is null
\tat shop.users.UserResource.displayName(UserResource.java:42)
\tat shop.users.UserResource.get(UserResource.java:22)
\tat io.undertow.server.Connectors.executeRootHandler(Connectors.java:393)
\tat java.base/java.lang.Thread.run(Thread.java:1583)"""


class Cluster:
    """The two calls that this program makes to the API server."""

    def __init__(self, address, token, certificate):
        self.address = address
        self.token = token
        self.tls = ssl.create_default_context(cafile=certificate)

    def ask(self, path, body=None):
        request = urllib.request.Request(self.address + path, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", "application/json")
        return urllib.request.urlopen(request, context=self.tls, timeout=60)

    def watch_pods(self):
        """Yields (type, pod): first every pod that is there, then each change, until the server ends the watch."""
        with self.ask("/api/v1/pods?labelSelector=app%3Dshop&watch=true&timeoutSeconds=50") as answer:
            for line in answer:
                event = json.loads(line)
                yield event["type"], event["object"]

    def serve_log(self, pod, file):
        """Lets the node answer a request for the pod's log from the file, and follow it."""
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        logs = [{"containers": ["shop"], "logsFile": str(file), "previousLogsFile": str(file), "follow": True}]
        body = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Logs",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"logs": logs},
        }
        try:
            self.ask(f"/apis/kwok.x-k8s.io/v1alpha1/namespaces/{namespace}/logs", body).close()
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise


class Pod:
    """One pod's log and counters."""

    def __init__(self, pod, folder):
        labels = pod["metadata"]["labels"]
        self.name = pod["metadata"]["name"]
        self.namespace = pod["metadata"]["namespace"]
        self.hash = labels.get("rollouts-pod-template-hash", "")
        self.version = labels.get("app.kubernetes.io/version", "")
        self.file = folder / "logs" / f"{self.namespace}.{self.name}.log"
        self.failing = folder / "failing" / f"{self.namespace}.{self.version}"
        self.log = self.file.open("a", buffering=1, encoding="utf-8")
        self.running = False
        self.restarts = 0
        self.requests = 0
        self.answers = {"200": 0, "500": 0}

    def see(self, status):
        """Takes over what the node shows. A pod that never runs never says a word."""
        running = status.get("phase") == "Running"
        if running and self.requests == 0 and not self.running:
            self.say("INFO  shop.Main - shop %s started in 0.8 s", self.version)
        self.running = running
        self.restarts = sum(container.get("restartCount", 0) for container in status.get("containerStatuses", []))

    def say(self, message, *values):
        """Writes lines in the CRI format, in which a node keeps them."""
        for line in (message % values).splitlines():
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
            self.log.write(f"{now} stdout F {line}\n")

    def serve(self):
        self.requests += 1
        user, number = self.requests * 37 % 1000, self.requests
        if self.failing.exists() and self.requests % FAILS_ONE_IN == 0:
            self.answers["500"] += 1
            self.say("ERROR shop.Router - GET /users/%d failed, request %d\n" + TRACE, user, number)
        else:
            self.answers["200"] += 1
            self.say("INFO  shop.Router - GET /users/%d 200 in %d ms, request %d", user, 3 + user % 9, number)


class Workload:
    """All pods that run now, by uid."""

    def __init__(self, cluster, folder):
        self.cluster = cluster
        self.folder = folder
        self.pods = {}
        self.lock = threading.Lock()

    def follow(self):
        while True:
            try:
                for kind, pod in self.cluster.watch_pods():
                    self.see(kind, pod)
            except (OSError, http.client.HTTPException, ValueError) as error:  # the API server went in the middle of a line
                print(f"the watch ended: {error}", flush=True)
                time.sleep(TICK_SECONDS)

    def see(self, kind, pod):
        uid = pod["metadata"]["uid"]
        if kind == "DELETED":
            with self.lock:
                self.pods.pop(uid, None)
        elif kind in ("ADDED", "MODIFIED"):
            if uid not in self.pods:
                fresh = Pod(pod, self.folder)
                self.cluster.serve_log(pod, fresh.file)
                with self.lock:
                    self.pods[uid] = fresh
            self.pods[uid].see(pod["status"])

    def serve(self):
        while True:
            with self.lock:
                for pod in self.pods.values():
                    if pod.running:
                        pod.serve()
            time.sleep(TICK_SECONDS)

    def metrics(self):
        requests, restarts = ["# TYPE http_requests_total counter"], ["# TYPE container_restarts_total counter"]
        with self.lock:
            for pod in self.pods.values():
                labels = f'namespace="{pod.namespace}",pod="{pod.name}",rollouts_pod_template_hash="{pod.hash}"'
                requests += [f'http_requests_total{{{labels},code="{code}"}} {count}' for code, count in pod.answers.items()]
                restarts.append(f"container_restarts_total{{{labels}}} {pod.restarts}")
        return "\n".join(requests + restarts) + "\n"


def answer_metrics(workload, port):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = workload.metrics().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--api", required=True, help="address of the API server")
    options.add_argument("--token-file", required=True, type=pathlib.Path)
    options.add_argument("--certificate", required=True, help="what the API server's certificate is checked against")
    options.add_argument("--folder", required=True, type=pathlib.Path, help="where logs are written and failures are ordered")
    options.add_argument("--port", required=True, type=int, help="of /metrics, on loopback")
    given = options.parse_args()
    for name in ("logs", "failing"):
        (given.folder / name).mkdir(parents=True, exist_ok=True)
    workload = Workload(Cluster(given.api, given.token_file.read_text().strip(), given.certificate), given.folder)
    threading.Thread(target=workload.follow, daemon=True).start()
    threading.Thread(target=workload.serve, daemon=True).start()
    answer_metrics(workload, given.port)


if __name__ == "__main__":
    main()

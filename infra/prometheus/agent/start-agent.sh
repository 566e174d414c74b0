# Starts the agent with the configuration in PROMETHEUS_CONFIG, in the folder that it may write to. Arguments go to Prometheus.
set -eu

folder=${PROMETHEUS_FOLDER:-/prometheus}
if [ -z "${PROMETHEUS_CONFIG:-}" ]; then
  echo "PROMETHEUS_CONFIG: not set, expected a configuration of Prometheus" >&2
  exit 2
fi
if ! printf '%s\n' "$PROMETHEUS_CONFIG" > "$folder/prometheus.yml"; then
  echo "$folder: cannot be written to, expected a mount that user $(id -u) may write to" >&2
  exit 2
fi

# External labels name it; agents that send the same samples are told apart by it.
export HOSTNAME="${HOSTNAME:-$(hostname)}"
# The configuration is in its file; it need not stand in the environment of a process too.
unset PROMETHEUS_CONFIG

# Asked by the health check alone, so it listens inside the container only.
exec prometheus --agent \
  --config.file="$folder/prometheus.yml" \
  --storage.agent.path="$folder/agent" \
  --web.listen-address="127.0.0.1:${PROMETHEUS_PORT:-9090}" \
  "$@"

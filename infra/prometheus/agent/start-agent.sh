# Starts the agent with the configuration in PROMETHEUS_CONFIG, in the one folder that may be written to. Arguments go to
# Prometheus.
set -eu
umask 077

folder=${PROMETHEUS_FOLDER:-/prometheus}
if [ -z "${PROMETHEUS_CONFIG:-}" ]; then
  echo "PROMETHEUS_CONFIG: not set, expected the text of a configuration of Prometheus" >&2
  exit 2
fi
if ! printf '%s\n' "$PROMETHEUS_CONFIG" > "$folder/prometheus.yml"; then
  echo "$folder: cannot be written to, expected a volume that user $(id -u) may write to" >&2
  exit 2
fi
unset PROMETHEUS_CONFIG

# For an external label: agents that send the same samples are told apart by it, so each task needs one of its own.
PROMETHEUS_REPLICA="$(hostname)"
export PROMETHEUS_REPLICA

# It listens to its own health check alone. What is not sent when it is told to stop has a minute.
exec prometheus --agent \
  --config.file="$folder/prometheus.yml" \
  --storage.agent.path="$folder/wal" \
  --storage.remote.flush-deadline=60s \
  --web.listen-address="127.0.0.1:${PROMETHEUS_PORT:-9090}" \
  "$@"

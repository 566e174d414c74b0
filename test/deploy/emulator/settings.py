"""What whoever starts the emulator tells it, in the environment."""

import json
import os
from pathlib import Path

PORT = int(os.environ["EMULATOR_PORT"])
URL = f"http://127.0.0.1:{PORT}"
ACCOUNT = os.environ["EMULATOR_ACCOUNT"]
# Of functions' code, and of what was written down.
FOLDER = Path(os.environ["EMULATOR_FOLDER"])
NODE = os.environ["EMULATOR_NODE"]
# Switches that Lambda starts its Node with.
NODE_FLAGS = json.loads(os.environ["EMULATOR_NODE_FLAGS"])
# Folder with the `node_modules` of Lambda's runtime: the clients of AWS.
RUNTIME = Path(os.environ["EMULATOR_RUNTIME"])
# Address of a Prometheus that stands for every workspace.
PROMETHEUS_URL = os.environ["EMULATOR_PROMETHEUS_URL"]

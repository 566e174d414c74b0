"""AWS on one machine, for the tests of this folder: moto's server, more types of resources, and functions that run.

Types and properties that are not known fail the deployment. Not emulated: updates and rollbacks of stacks, permissions,
schedules that fire, networks, and the containers of services.
"""

import os
import signal

import settings

os.environ.update(
    MOTO_PORT=str(settings.PORT),
    # Stacks of one account.
    MOTO_ACCOUNT_ID=settings.ACCOUNT,
    AWS_EC2_METADATA_DISABLED="true",
)

# moto reads its settings when it is loaded.
import callers  # noqa: E402
import custom_resources  # noqa: E402
import environment  # noqa: E402
import functions  # noqa: E402
import resource  # noqa: E402
import rest_api  # noqa: E402
import strict  # noqa: E402
import types_compute  # noqa: E402
import types_network  # noqa: E402
import types_observation  # noqa: E402
import types_stores  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import run_simple  # noqa: E402



def stop(*_):
    environment.stop_all()
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
settings.FOLDER.mkdir(parents=True, exist_ok=True)
TYPES = (types_network, types_stores, types_compute, types_observation, rest_api)
for part in (*TYPES, functions, custom_resources, strict):
    part.install()
application = callers.recording(DomainDispatcherApplication(create_backend_app))
run_simple("127.0.0.1", settings.PORT, application, threaded=True)

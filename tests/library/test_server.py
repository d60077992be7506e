"""The server extension: installed with the course, and it tells the socket not to wait."""

from types import SimpleNamespace

from jupyter_core.paths import jupyter_config_path
from jupyter_server.extension.config import ExtensionConfigManager

from gradcourse import server


def test_a_connection_is_made_without_delay_and_otherwise_as_usual():
    class Usual:
        websocket_handler = SimpleNamespace(set_nodelay=lambda value: asked.append(value))

        def connect(self):
            return "connected"

    asked, settings = [], {"kernel_websocket_connection_class": Usual}
    app = SimpleNamespace(web_app=SimpleNamespace(settings=settings))
    server._load_jupyter_server_extension(app)
    connection = settings["kernel_websocket_connection_class"]()
    assert connection.connect() == "connected"
    assert asked == [True]
    assert isinstance(connection, Usual)


def test_installing_the_course_turns_it_on():
    found = ExtensionConfigManager(read_config_path=jupyter_config_path())
    assert found.get_jpserver_extensions()["gradcourse.server"] is True
    assert server._jupyter_server_extension_points() == [{"module": "gradcourse.server"}]

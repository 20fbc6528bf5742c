"""x"""

from service.store.accounts import Role
from tests.api.house import House
from tests.web.staff import staffer


def test_all(house: House) -> None:
    ann = staffer(house, "Ann", Role.ADMINISTRATOR)
    for path in (
        "",
        "/new",
        "/demo",
        "/demo/keys",
        "/demo/policy",
        "/demo/policy/text",
        "/demo/lists",
        "/demo/trial",
        "/demo/retention",
    ):
        answer = ann.get("/settings" + path)
        if answer.status_code != 200:
            print(path, answer.status_code, answer.get_data(as_text=True)[:3000])
        assert answer.status_code == 200

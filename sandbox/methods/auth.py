from sandbox.errors import Json
from sandbox.methods.request import Call, Method


def test(call: Call) -> Json:
    team = call.workspace.teams[call.installation.team_id]
    bot = call.workspace.users[call.installation.bot_user_id]
    body: Json = {
        "url": f"{call.base_url}/",
        "team": team.name,
        "user": bot.name,
        "team_id": team.id,
        "user_id": bot.id,
        "bot_id": call.installation.bot_id,
        "is_enterprise_install": team.is_organisation,
    }
    return {**body, "enterprise_id": team.enterprise_id} if team.enterprise_id else body


def list_teams(call: Call) -> Json:
    teams = call.workspace.list_teams(call.installation)
    return {
        "teams": [{"id": team.id, "name": team.name} for team in teams],
        "response_metadata": {"next_cursor": ""},
    }


METHODS = {"auth.teams.list": Method(list_teams), "auth.test": Method(test)}

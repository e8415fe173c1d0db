// The same as bare_bolt.py, for node: `/hello` is acknowledged, `/add-seats` opens an empty modal.
const { App } = require("@slack/bolt");

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

app.command("/hello", async ({ ack }) => ack());

app.command("/add-seats", async ({ ack, body, client }) => {
  await ack();
  const title = { type: "plain_text", text: "Empty" };
  await client.views.open({ trigger_id: body.trigger_id, view: { type: "modal", title, blocks: [] } });
});

app.start({ port: Number(process.env.PORT), host: process.env.HOST });

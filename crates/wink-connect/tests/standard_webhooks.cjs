// Verifies messages with the library that receivers use. Reads a list of cases from standard input, writes true or the error for each.
const { createRequire } = require("node:module");
const { Webhook } = createRequire(process.env.WINK_TEST_CLIENTS + "/node/")("standardwebhooks");

const cases = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const answers = cases.map(({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    return error.message;
  }
});
process.stdout.write(JSON.stringify(answers));

import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { createOneTimePassword } from "../../src/auth/one-time-password.ts";
import { openRegistry } from "../registry/open-registry.ts";

function person(...answers: readonly (string | undefined)[]) {
  const questions: string[] = [];
  const ask = async (question: string): Promise<string | undefined> => answers[questions.push(question) - 1];
  return { ask, questions };
}

test("many writes that want one at once ask the person once", async () => {
  const { ask, questions } = person(" 111111 ", "222222");
  const password = createOneTimePassword(undefined, ask);
  expect(await Promise.all([password.renew(undefined), password.renew(undefined)])).toEqual([true, true]);
  expect(password.current()).toBe("111111");
  expect(questions).toHaveLength(1);
  // One that was refused meanwhile has been replaced already, or is asked for again.
  expect(await password.renew(undefined)).toBe(true);
  expect(await password.renew("111111")).toBe(true);
  expect(password.current()).toBe("222222");
});

test.each([undefined, "", "123456"])("an answer of %j after 123456 was refused is none", async (answer) => {
  const password = createOneTimePassword("123456", person(answer).ask);
  expect(await password.renew("123456")).toBe(false);
});

test("who does not answer is not asked again, and who types well never runs out", async () => {
  const silent = person(undefined, "1");
  const unanswered = createOneTimePassword(undefined, silent.ask);
  expect([await unanswered.renew(undefined), await unanswered.renew(undefined)]).toEqual([false, false]);
  expect(silent.questions).toHaveLength(1);
  const { ask, questions } = person(..."123456789");
  const password = createOneTimePassword(undefined, ask);
  for (let tries = 0; tries < 9; tries += 1) {
    expect(await password.renew(password.current())).toBe(true);
    password.accepted();
  }
  expect(questions).toHaveLength(9);
});

test("nobody is asked where nobody is there, nor for ever", async () => {
  expect(await createOneTimePassword("123456", undefined).renew("123456")).toBe(false);
  const { ask, questions } = person("1", "2", "3", "4", "5", "6", "7");
  const password = createOneTimePassword(undefined, ask);
  for (let tries = 0; tries < 9; tries += 1) await password.renew(password.current());
  expect(questions).toHaveLength(5);
});

test("a write that was refused for it carries the new one when it is sent again", async () => {
  const carried: (string | undefined)[] = [];
  const server = createServer((incoming, response) => {
    const otp = incoming.headers["npm-otp"];
    carried.push(typeof otp === "string" ? otp : undefined);
    incoming.resume();
    response.writeHead(otp === "222222" ? 201 : 401, { "www-authenticate": "OTP" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const oneTimePassword = createOneTimePassword(undefined, person("222222").ask);
  const registry = openRegistry(`http://127.0.0.1:${address.port}`, "token", { oneTimePassword });
  try {
    expect(await registry.setDistTag("a", "next", "1.0.0")).toMatchObject({ status: 401, isRenewed: true });
    expect(await registry.setDistTag("a", "next", "1.0.0")).toMatchObject({ status: 201 });
    expect(carried).toEqual([undefined, "222222"]);
  } finally {
    registry.close();
    server.close();
  }
});

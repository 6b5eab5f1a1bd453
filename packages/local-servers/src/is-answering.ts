/** Whether a server's health page says that it takes requests; `authority` is the file of who vouches for it, for `https:`. */
import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";

const silenceMs = 1_000;

export async function isAnswering(url: string, authority?: string): Promise<boolean> {
  const get = url.startsWith("https:") ? https.get : http.get;
  const tls = authority === undefined ? {} : { ca: await readFile(authority) };
  return new Promise((resolve) => {
    const request = get(url, { ...tls, agent: false, timeout: silenceMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy()); // somebody listens who is no such server
    request.once("error", () => resolve(false)); // nobody listens yet
  });
}

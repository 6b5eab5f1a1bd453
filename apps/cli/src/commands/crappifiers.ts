/** `pssr crappifiers`: keep a degradation under a name, and see those that come with the release. */
import { writeFile } from "node:fs/promises";
import { type CrappifierPreset, crappifierName, PssrError, type SavedCrappifier } from "@pssr/api";
import type { Command } from "commander";
import { pngFile, region } from "../arguments.js";
import { allPages, type Context, withContext } from "../context.js";
import { counted } from "../terminal/counted.js";
import { table } from "../terminal/table.js";
import { addCrappifierOptions, askedCrappifier, type CrappifierOptions } from "./crappifier-options.js";
import { chainOf, specOf } from "./crappifier-spec.js";
import { addDelete } from "./delete-command.js";

interface PresetOptions {
  picture?: string;
  image?: string;
  region?: [number, number, number, number];
}

export function addCrappifierCommands(program: Command, signal: AbortSignal): void {
  const crappifiers = program.command("crappifiers").description("keep degradations under names; see the presets");

  addCrappifierOptions(crappifiers.command("create <id>"))
    .description("save a crappifier under a name")
    .option("--description <text>", "what it stands for")
    .action(
      withContext(
        signal,
        async (context, crappifierId: string, options: CrappifierOptions & { description?: string }) => {
          const { client, parent, output } = context;
          const crappifier = await askedCrappifier(context, options);
          const saved = await client.crappifiers.createCrappifier(
            { parent, crappifierId, crappifier: { crappifier, description: options.description } },
            { signal },
          );
          const shown = await withSpec(saved);
          output.result(shown, `${saved.name}: ${await chainOf(shown.crappifier)}`);
        },
      ),
    );

  crappifiers
    .command("list")
    .description("list the project's saved crappifiers")
    .action(
      withContext(signal, async ({ client, parent, output }) => {
        const all: SavedCrappifier[] = [];
        for await (const page of allPages((pageToken) =>
          client.crappifiers.listCrappifiers({ parent, pageSize: 1000, pageToken }, { signal }),
        ))
          all.push(...page.crappifiers);
        const shown = await Promise.all(all.map(withSpec));
        const rows = await Promise.all(
          shown.map(async ({ name, crappifier, description }) => [
            crappifierName.parse(name).crappifier,
            await chainOf(crappifier),
            description,
          ]),
        );
        output.list(
          shown,
          rows.length === 0 ? "no saved crappifiers yet" : table(["crappifier", "steps", "description"], rows),
        );
      }),
    );

  crappifiers
    .command("show <id>")
    .description("print a saved crappifier's JSON, as --crappifier-file takes it")
    .action(
      withContext(signal, async (context, id: string) => {
        const name = context.name("crappifiers", id);
        const shown = await withSpec(await context.client.crappifiers.getCrappifier({ name }, { signal }));
        context.output.result(shown, JSON.stringify(shown.crappifier, null, 2));
      }),
    );

  addDelete(crappifiers, signal, {
    collection: "crappifiers",
    description: "delete a saved crappifier; what was made with it stays as it is",
    remove: ({ client, signal }, name) => client.crappifiers.deleteCrappifier({ name }, { signal }),
  });

  crappifiers
    .command("presets")
    .description("list the presets, with where their numbers come from; or see what they make of an image")
    .option("--picture <file>", "PNG file to write: one detail of an image under each preset", pngFile)
    .option("--image <image>", "the image for the picture")
    .option("--region <y,x,height,width>", "the detail, in pixels (default: 384 × 384 in its middle)", region)
    .action(
      withContext(signal, async (context, { picture, image, region }: PresetOptions) => {
        if (picture !== undefined) {
          if (image !== undefined) return drawPresets(context, picture, image, region);
          throw new PssrError("INVALID_FIELD", "--picture needs an image to draw: name one with --image");
        }
        const shown = await Promise.all((await allPresets(context)).map(withSpec));
        const blocks = await Promise.all(
          shown.map(async ({ name, description, source, crappifier }) =>
            [name, description, await chainOf(crappifier), `Source: ${source}`].join("\n  "),
          ),
        );
        context.output.list(shown, blocks.join("\n\n"));
      }),
    );
}

async function drawPresets(
  context: Context,
  picture: string,
  image: string,
  region: PresetOptions["region"],
): Promise<void> {
  const { presetsPicture } = await import("./presets-picture.js");
  const presets = await allPresets(context);
  const { png, drawn, left } = await presetsPicture(context, presets, context.name("images", image), region);
  await writeFile(picture, png);
  for (const { name, reason } of left) context.output.note(`${name} is left out: ${reason}`);
  context.output.result({ file: picture, presets: drawn }, `${picture}: ${counted(drawn.length, "preset")}`);
}

async function allPresets({ client, signal }: Context): Promise<CrappifierPreset[]> {
  const all: CrappifierPreset[] = [];
  for await (const page of allPages((pageToken) =>
    client.crappifiers.listPresets({ pageSize: 1000, pageToken }, { signal }),
  ))
    all.push(...page.presets);
  return all;
}

async function withSpec<Named extends SavedCrappifier | CrappifierPreset>(named: Named) {
  return { ...named, crappifier: await specOf(named.crappifier) };
}

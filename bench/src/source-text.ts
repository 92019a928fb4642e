/** Writes program text that is as long and as compressible as real modules are; it parses, but it is never run. */
import type { Random } from "./random.ts";

const nouns = words(
  "account address agent answer archive batch binding block branch buffer bundle cache cart catalog channel chunk client clock column command commit config context cookie counter cursor customer delta device digest document driver edge element entry envelope event factory field filter folder frame gateway graph group handle handler header history index invoice item job journal key label layer ledger lease level limit line link loader lock manifest mapping marker message method metric mirror model module mutex node notice number object offset option order origin outcome owner packet page panel parcel parser patch path payload payment peer pipeline plan plugin pointer policy pool port price probe process profile project proxy query queue range reader reason record region registry release report request resource response result retry role route rule sample schedule schema scope screen script secret section segment select sender sequence series server service session shard signal slice snapshot socket source stage state status step storage stream string subject summary symbol table target task template tenant thread ticket timer token topic trace tracker transfer tree trigger tuple update upload user value vector version view visitor volume watcher window worker writer zone",
);
const verbs = words(
  "accept acquire add append apply assign attach begin bind build cancel check clear close collect commit compare compose compute connect convert copy count create decide decode define deliver derive detach discard dispatch drain emit encode enqueue ensure enter evict expand expire extract fetch fill filter find finish flush fold format freeze gather grant group handle hash index infer insert inspect join keep limit list load lock map mark match merge move narrow normalize notify observe open order parse pause plan poll prepare prune publish push read rebuild receive recover reduce refresh reject release remove rename render repair replace report request reset resolve restore resume retain retry revoke rotate route sample save schedule seal select send settle sort split stage start stop store submit subtract suspend swap sync take test throttle touch trace track transform trim unlock unpack update upload validate verify visit wait walk watch wrap write",
);
const remarks = words(
  "which the caller has checked before|so that a later call sees the same|unless somebody else was faster|and nothing is kept when it fails|in the order in which they came|because the old one may still be read|without touching what is shared|as long as the limit is not reached|before the next one may begin|only when it is asked for|and says so in the log",
  "|",
);

function words(text: string, separator = " "): readonly string[] {
  return text.split(separator);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** A module of at least `sizeBytes`: documented functions and a type each. `imports` are package names. */
export function writeModule(random: Random, sizeBytes: number, imports: readonly string[]): string {
  const parts = imports.map((name, index) => `import * as dependency${index} from "${name}";\n`);
  let length = parts.join("").length;
  while (length < sizeBytes) {
    const part = writeFunction(random);
    parts.push(part);
    length += part.length;
  }
  return parts.join("\n");
}

function writeFunction(random: Random): string {
  const [verb, noun, other, third] = [random.pick(verbs), random.pick(nouns), random.pick(nouns), random.pick(nouns)];
  const name = `${verb}${capital(noun)}${capital(other)}`;
  const statements = Array.from({ length: 2 + random.below(6) }, () => writeStatement(random, noun, other));
  return `/**
 * ${capital(verb)}s the ${noun} of ${article(other)} ${random.pick(remarks)}.
 *
 * @param {${capital(noun)}} ${noun} the ${noun} that the ${third} ${random.pick(verbs)}s
 * @param {${capital(other)}Options} [options] limits of the ${other}
 */
export function ${name}(${noun}, options = {}) {
  const ${other}${capital(third)} = options.${third} ?? ${random.below(4096)};
${statements.join("\n")}
  return { ${noun}, ${other}: ${other}${capital(third)} };
}
`;
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function writeStatement(random: Random, noun: string, other: string): string {
  const [verb, field, local] = [random.pick(verbs), random.pick(nouns), random.pick(nouns)];
  const limit = random.below(1000);
  switch (random.below(6)) {
    case 0:
      return `  if (${noun}.${field} === undefined) throw new TypeError("the ${noun} has no ${field}, ${random.pick(remarks)}");`;
    case 1:
      return `  for (const ${local} of ${noun}.${field}s ?? []) {\n    if (${local}.${random.pick(nouns)} > ${limit}) continue;\n    ${verb}(${local}, ${noun}.${random.pick(nouns)});\n  }`;
    case 2:
      return `  // ${capital(random.pick(remarks))}.\n  const ${verb}ed${capital(local)} = ${noun}.${field}?.map((${local}) => ${local}.${random.pick(nouns)} + ${limit});`;
    case 3:
      return `  ${noun}.${verb}${capital(field)}("${random.pick(nouns)}-${random.pick(nouns)}", { ${other}: ${limit}, ${local}: ${noun}.${local} });`;
    case 4:
      return `  while (${noun}.${field}.${random.pick(nouns)} < ${limit} && !${noun}.is${capital(verb)}ed) {\n    ${noun}.${field} = ${noun}.${random.pick(verbs)}(${noun}.${field}, "${local}");\n  }`;
    default:
      return `  ${noun}.${field} ??= new Map([["${local}", ${limit}], ["${random.pick(nouns)}", "${random.pick(verbs)}"]]);`;
  }
}

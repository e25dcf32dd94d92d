// Reads what `glowplug validate --format FORM` wrote to standard input with a reader of others, and prints what that
// understood as JSON: a list of {file, line, column, level, code, message}, as far as the form has these. What the
// reader or the form's schema refuses ends with exit code 1. To be run in the folder that has the packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cwd } from "node:process";

const require = createRequire(cwd() + "/");
const text = readFileSync(0, "utf8");
const readers = { sarif: readSARIF, junit: readJUnit };
console.log(JSON.stringify(await readers[process.argv[2]]()));

function readSARIF() {
  const Ajv = require("ajv-draft-04").default; // the draft that the schema is written in
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  require("ajv-formats").default(ajv);
  const schema = readFileSync("node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json", "utf8");
  const log = JSON.parse(text);
  if (!ajv.validate(JSON.parse(schema), log)) throw new Error(ajv.errorsText());
  return log.runs.flatMap((run) => run.results.map((r) => {
    const where = r.locations[0].physicalLocation;
    return {
      file: where.artifactLocation.uri,
      line: where.region?.startLine, column: where.region?.startColumn,
      level: r.level, code: r.ruleId, message: r.message.text,
      rule: run.tool.driver.rules[r.ruleIndex]?.id,
    };
  }));
}

async function readJUnit() {
  const { XMLParser, XMLValidator } = require("fast-xml-parser");
  const wellFormed = XMLValidator.validate(text);
  if (wellFormed !== true) throw new Error(wellFormed.err.msg);
  if (!new XMLParser().parse(text).testsuites) throw new Error("no testsuites");
  const { parse } = require("junit2json");
  const all = await parse(text);
  return all.testsuite.flatMap((suite) => suite.testcase.map((c) => ({
    file: c.name, failed: Boolean(c.failure?.length), code: c.failure?.[0].type, message: c.failure?.[0].message,
    told: c.failure?.[0].inner,
  })));
}

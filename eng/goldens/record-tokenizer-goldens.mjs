// Fills the golden.json files made by make-tokenizers.py with the ids and texts of Hugging Face's tokenizers library
// (the npm package @anush008/tokenizers 0.6.0 wraps tokenizers 0.22.2). Needed only when the cases change:
//
//   npm install --prefix /tmp/oracle @anush008/tokenizers@0.6.0
//   NODE_PATH=/tmp/oracle/node_modules node eng/goldens/record-tokenizer-goldens.mjs test/data/tokenizers/*/
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const { Tokenizer } = createRequire(import.meta.url)('@anush008/tokenizers');

for (const folder of process.argv.slice(2)) {
  const tokenizer = Tokenizer.fromFile(path.join(folder, 'tokenizer.json'));
  tokenizer.disableTruncation(); // Malrule ignores the file's truncation section
  const goldenPath = path.join(folder, 'golden.json');
  const golden = JSON.parse(fs.readFileSync(goldenPath, 'utf8'));
  const cases = [];
  for (const { text } of golden.cases) {
    const ids = Array.from((await tokenizer.encode(text, null, { addSpecialTokens: golden.add_special_tokens })).getIds());
    cases.push({ text, ids, decoded: await tokenizer.decode(ids, false), decoded_skip_special: await tokenizer.decode(ids, true) });
  }
  const lines = cases.map(item => JSON.stringify(item)).join(',\n');
  fs.writeFileSync(goldenPath, `{"source":"tokenizers 0.22.2 (Hugging Face)","add_special_tokens":${golden.add_special_tokens},"cases":[\n${lines}\n]}\n`);
}

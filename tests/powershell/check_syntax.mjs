// SPDX-License-Identifier: Apache-2.0
// Refuses PowerShell that the grammar does not parse, and what a grammar alone does not see: commands and parameters
// that do not exist, variables that are read and never set. node check_syntax.mjs FOLDER-OF-NODE-MODULES FILE...
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, ...files] = process.argv.slice(2);
const { Parser, Language } = await import(pathToFileURL(join(modules, 'web-tree-sitter/web-tree-sitter.js')));
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(join(modules, 'tree-sitter-powershell/tree-sitter-powershell.wasm')));

// What the module calls of PowerShell itself, with the parameters that it gives.
const builtin = {
  'Add-Type': ['AssemblyName', 'Path'],
  'ConvertFrom-Json': ['InputObject'],
  'ConvertTo-Json': ['InputObject', 'Depth', 'Compress'],
  'ConvertTo-SecureString': ['String', 'AsPlainText', 'Force'],
  'Get-ChildItem': ['LiteralPath', 'Filter'],
  'Get-Command': ['Name', 'ErrorAction'],
  'Import-Module': ['Name'],
  'Join-Path': ['Path', 'ChildPath'],
  'Register-ArgumentCompleter': ['CommandName', 'ParameterName', 'ScriptBlock'],
  'Set-Alias': ['Name', 'Value'],
  'Set-StrictMode': ['Version'],
  'Sort-Object': ['Unique'],
  'Start-Sleep': ['Seconds'],
  'Start-ThreadJob': ['Name', 'ScriptBlock', 'ArgumentList'],
  'Where-Object': [],
  'Write-Debug': [],
  'Write-Verbose': [],
};
const automatic = new Set(['_', 'true', 'false', 'null', 'pscmdlet', 'psboundparameters', 'psscriptroot',
  'psversiontable', 'executioncontext', 'this', 'confirmpreference', 'erroractionpreference']);

const problems = [];
const functions = new Map();
const report = (file, node, text) => problems.push(
  `${file}:${node.startPosition.row + 1}:${node.startPosition.column + 1}: ${text}`);

function* descendants(node, skip) {
  for (const child of node.children) {
    yield child;
    if (!skip || !skip(child)) yield* descendants(child, skip);
  }
}
const all = (node, type, skip) => [...descendants(node, skip)].filter((n) => n.type === type);
const name = (variable) => variable.text.replace(/^[$@]\{?/, '').replace(/\}$/, '');

function parameters(block) {
  const list = [...descendants(block, (n) => n.type === 'script_block' || n.type === 'script_block_body')];
  return list.filter((n) => n.type === 'script_parameter')
    .map((n) => n.children.find((c) => c.type === 'variable')).map(name);
}

function isSet(variable) {
  for (let node = variable; node.parent; node = node.parent) {
    if (node.type === 'left_assignment_expression') {
      // $x = and [type] $x =, not $x['y'] = or $x.y =.
      return node.text === variable.text || /^\[[\w.\[\]]+\]\s*\$\w+$/.test(node.text);
    }
    if (node.parent.type === 'foreach_statement') return node.type === 'variable';
    if (node.type === 'statement_list') return false;
  }
  return false;
}

function checkVariables(file, block, known) {
  const inner = (n) => n.type === 'script_block_expression' || n.type === 'function_statement';
  const own = new Set([...known, ...parameters(block).map((p) => p.toLowerCase())]);
  const variables = all(block, 'variable', inner).filter((v) => !v.text.startsWith('$script:'));
  for (const v of variables) if (isSet(v)) own.add(name(v).toLowerCase());
  for (const v of variables) {
    if (!own.has(name(v).toLowerCase()) && !automatic.has(name(v).toLowerCase())) {
      report(file, v, `${v.text} is never set`);
    }
  }
  for (const nested of all(block, 'script_block_expression', inner)) {
    const script = nested.children.find((c) => c.type === 'script_block');
    if (script) checkVariables(file, script, own);
  }
}

function checkCommand(file, command) {
  const called = command.children.find((c) => c.type === 'command_name');
  if (!called) return;
  const known = functions.get(called.text.toLowerCase()) ?? builtin[called.text];
  if (!known) {
    report(file, command, `${called.text} is no function of the module and none that it may call`);
    return;
  }
  const elements = [...descendants(command, (n) => n.type === 'command' || n.type === 'script_block')];
  const given = elements.filter((n) => n.type === 'command_parameter').map((n) => n.text.replace(/^-|:$/g, ''));
  for (const parameter of given) {
    if (!known.some((k) => k.toLowerCase() === parameter.toLowerCase())) {
      report(file, command, `${called.text} has no parameter -${parameter}`);
    }
  }
}

const trees = files.map((file) => [file, parser.parse(readFileSync(file, 'utf8')).rootNode]);
for (const [file, tree] of trees) {
  for (const node of descendants(tree)) {
    if (node.type === 'ERROR' || node.isMissing) report(file, node, `does not parse: ${node.text.slice(0, 60)}`);
  }
  for (const f of all(tree, 'function_statement')) {
    const text = f.children.find((c) => c.type === 'function_name').text.toLowerCase();
    if (functions.has(text)) report(file, f, `${text} is defined twice`);
    functions.set(text, parameters(f.children.find((c) => c.type === 'script_block')));
  }
}
const called = new Set();
for (const [file, tree] of trees) {
  // Tests: Pester has a language of its own, in which what one block sets another one reads.
  if (file.includes('tests/') || file.endsWith('.psd1')) continue;
  for (const command of all(tree, 'command')) {
    checkCommand(file, command);
    const word = command.children.find((c) => c.type === 'command_name');
    if (word) called.add(word.text.toLowerCase());
  }
  for (const f of all(tree, 'function_statement')) {
    checkVariables(file, f.children.find((c) => c.type === 'script_block'), []);
  }
}
for (const f of functions.keys()) {
  if (f.includes('-infrabackup') && !f.startsWith('connect-') && !f.startsWith('disconnect-') && !called.has(f)) {
    problems.push(`${f} is never called`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`${files.length} files of PowerShell, ${functions.size} functions: ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;

// SPDX-License-Identifier: Apache-2.0
// Holds recorded exchanges against Swagger documents with oav's LiveValidator:
//     node live.js own|official FOLDER TRAFFIC.json...
// FOLDER has the documents; stdin is a JSON list of suppressions, {"code", "where"}: a code of the validator, and a
// pattern of the exchange and the place in it. Every error that none of them names is a line "oav: ...", and so is
// every suppression that was not needed; the last line counts the exchanges.
const fs = require('fs');
const {LiveValidator} = require('oav/dist/lib/liveValidation/liveValidator');

function documents(folder) {
    return fs.readdirSync(folder, {recursive: true})
        .filter(name => name.endsWith('.json') && !name.includes('examples'));
}

// What the validator says of one exchange; what a refused request lacks was left out on purpose.
async function judge(validator, exchange) {
    const result = await validator.validateLiveRequestResponse(exchange.pair);
    const parts = [result.responseValidationResult];
    if (!exchange.isRefused)
        parts.push(result.requestValidationResult);
    return parts.flatMap(part => [
        ...(part.runtimeException ? [{...part.runtimeException, where: ''}] : []),
        ...part.errors.map(error => ({...error, where: error.jsonPathsInPayload.join(' ')}))]);
}

async function main() {
    const [which, folder, ...files] = process.argv.slice(2);
    const suppressions = JSON.parse(fs.readFileSync(0, 'utf8')).map(one => ({...one, used: 0}));
    const validator = new LiveValidator({
        fileRoot: folder, directory: folder, swaggerPathsPattern: documents(folder), isPathCaseSensitive: false,
        loadValidatorInInitialize: true, git: {shouldClone: false}}, undefined, () => {});
    await validator.initialize();
    const exchanges = files.flatMap(file => JSON.parse(fs.readFileSync(file, 'utf8')))
        .filter(exchange => exchange.isOfficial || which === 'own');
    for (const exchange of exchanges) {
        for (const error of await judge(validator, exchange)) {
            const place = `${exchange.title} ${error.where}`;
            const known = suppressions.find(one => one.code === error.code && new RegExp(one.where).test(place));
            if (known)
                known.used++;
            else
                console.log(`oav: ${place}: ${error.code}: ${error.message}`);
        }
    }
    for (const one of suppressions.filter(one => one.used === 0))
        console.log(`oav: the suppression of ${one.code} at ${one.where} is not needed`);
    console.log(`oav: judged ${exchanges.length} exchanges`);
}

main().catch(error => {
    console.error(error);
    process.exit(1);
});

// Serves the fake on a port, with so many locks. It ends with its standard input.
import { createFake } from '@seamapi/fake-seam-connect'

const [port, locks] = process.argv.slice(2).map(Number)
const fake = await createFake()
const seed = await fake.seed()
for (let i = 0; i < locks; i++) {
  fake.database.addDevice({
    device_id: `h-${String(i + 1).padStart(String(locks).length, '0')}`,
    connected_account_id: seed.john_connected_account_id,
    device_type: 'august_lock',
    name: `Door ${i + 1}`,
    workspace_id: seed.seed_workspace_1,
    can_program_online_access_codes: true,
    properties: { name: `Door ${i + 1}`, manufacturer: 'august', locked: true }
  })
}
await fake.startServer({ port })
console.log(seed.seam_apikey1_token)
process.stdin.resume()
process.stdin.on('end', () => process.exit())

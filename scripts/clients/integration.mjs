import assert from 'node:assert/strict'
import { Seam } from 'seam'

const endpoint = process.env.LOCKS_URL ?? 'http://127.0.0.1:3020'
const apiKey = process.env.LOCKS_KEY
const seam = new Seam({ endpoint, apiKey }) // the hosted API's own client, as your software has it
const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
const lab = async (verb, body = {}) =>
  (await fetch(`${endpoint}/v1/lab/${verb}`, { method: 'POST', headers, body: JSON.stringify(body) })).json()

const now = Date.parse((await lab('state')).state.Now)
const after = minutes => new Date(now + minutes * 60e3).toISOString()
const { code } = await seam.accessCodes.create({ device_id: 'front', starts_at: after(60), ends_at: after(240) })
await seam.devices.simulate.disconnect({ device_id: 'front' }) // the lock is out of reach …
await lab('skip_to', { to: after(45) })
await seam.devices.simulate.connect({ device_id: 'front' }) // … until a quarter of an hour before the guest comes
await lab('skip_to', { to: after(61) })
const { try: attempt } = await lab('type', { device_id: 'front', code })
assert.ok(attempt.Opens, `the guest stands before a closed door: ${attempt.Reason}`)

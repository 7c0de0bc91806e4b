// The driver for the hosted service, tried on an independent server of that service's, and the service's own client on the one that
// locksim serve stands in for it with.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { createFake } from '@seamapi/fake-seam-connect'
import { Seam } from 'seam'

const lockctl = fileURLToPath(new URL('../../bin/lockctl', import.meta.url))
const locksim = fileURLToPath(new URL('../../bin/locksim', import.meta.url))

// until asks again until something is so.
const until = async so => {
  for (let i = 0; i < 120; i++) {
    const got = await so()
    if (got) return got
    await sleep(250)
  }
  assert.fail('it did not come about in 30 s')
}

// The fake has no device that tells of codes of a length, and sets none: what it proves is that our requests are understood.
let fake, hosted, home, env, daemon, daemonEnded
const ask = async (...args) => (await promisify(execFile)(lockctl, args, { env })).stdout

before(async () => {
  fake = await createFake()
  const seed = await fake.seed()
  fake.database.addDevice({
    device_id: 'front', connected_account_id: seed.john_connected_account_id, device_type: 'lockly_lock', name: 'Front', workspace_id: seed.seed_workspace_1,
    can_program_online_access_codes: true, properties: { name: 'Front', manufacturer: 'lockly', locked: true, online: true }
  })
  await fake.startServer()
  hosted = new Seam({ apiKey: seed.seam_apikey1_token, endpoint: fake.serverUrl })

  home = await mkdtemp(join(tmpdir(), 'lockctl-hosted-'))
  env = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), SEAM_API_KEY: seed.seam_apikey1_token }
  await mkdir(env.XDG_RUNTIME_DIR)
  await chmod(env.XDG_RUNTIME_DIR, 0o700)
  await writeFile(join(home, 'lockctl.toml'), `[[account]]
id = "hosted"
provider = "lockly"
settings = { api_key = "env:SEAM_API_KEY", base_url = "${fake.serverUrl}" }
`)
  daemon = spawn(lockctl, ['serve', '--config', join(home, 'lockctl.toml')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  daemonEnded = new Promise(resolve => daemon.once('exit', resolve))
  daemon.stdout.resume()
  await until(async () => (await ask('devices', 'list', '-o', 'json').catch(() => '')).includes('lockly-front'))
})

after(async () => {
  daemon.kill('SIGTERM')
  assert.equal(await daemonEnded, 0)
  await fake.stopServer()
  await rm(home, { recursive: true })
})

const codes = async () => await hosted.accessCodes.list({ device_id: 'front' })

test('a code of ours comes to the service with its digits and our name for it, once, and is taken away', async () => {
  const pin = join(home, 'pin')
  await writeFile(pin, '482915\n', { mode: 0o600 })
  await ask('codes', 'create', 'lockly-front', '--name', 'Ada', '--ends', '+3h', '--pin-file', pin)
  const [code] = await until(async () => { const all = await codes(); return all.length > 0 && all })
  assert.equal(code.code, '482915')
  assert.match(code.name, /^LC\w+:Ada$/)
  const before = await codes()
  await ask('devices', 'observe', 'lockly-front')
  assert.deepEqual((await codes()).map(c => c.access_code_id), before.map(c => c.access_code_id))

  await ask('codes', 'delete', 'Ada', '--yes')
  await until(async () => (await codes()).length === 0)
})

test('digits that somebody else has at the service are told as taken', async () => {
  await hosted.accessCodes.create({ device_id: 'front', name: 'Somebody', code: '739164' })
  const pin = join(home, 'pin')
  await writeFile(pin, '739164\n', { mode: 0o600 })
  await ask('codes', 'create', 'lockly-front', '--name', 'Grace', '--ends', '+3h', '--pin-file', pin)
  await until(async () => (await ask('codes', 'show', 'Grace', '-o', 'json')).includes('"duplicate_code_on_device"'))
  const all = await codes()
  assert.deepEqual(all.map(c => c.name), ['Somebody'])
})

test('the client of the service speaks to what stands in for it', async t => {
  const child = spawn(locksim, ['serve', '--vendor', 'lockly', '--port', '0', '--locks', '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => child.once('exit', resolve))
  t.after(async () => {
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
  })
  let apiKey, endpoint
  for await (const line of createInterface(child.stdout)) {
    apiKey ??= /^# export LOCKLY_API_KEY='(\S+)'$/.exec(line)?.[1]
    endpoint ??= /base_url = "([^"]+)"/.exec(line)?.[1]
    if (apiKey && endpoint) break
  }
  child.stdout.resume()
  const seam = new Seam({ apiKey, endpoint })
  const [lock] = await seam.locks.list()
  assert.equal(lock.device_type, 'lockly_lock')
  const made = await seam.accessCodes.create({ device_id: lock.device_id, name: 'Ada', code: '482915' })
  await assert.rejects(seam.accessCodes.create({ device_id: lock.device_id, name: 'Eve', code: '482915' }), { code: 'duplicate_access_code', statusCode: 409 })
  await until(async () => (await seam.accessCodes.get({ access_code_id: made.access_code_id })).status !== 'unset')
  await seam.accessCodes.delete({ access_code_id: made.access_code_id })
  await until(async () => (await seam.accessCodes.list({ device_id: lock.device_id })).length === 0)
  const events = await seam.events.list({ since: new Date(Date.now() - 3600e3).toISOString() })
  assert.ok(events.some(e => e.event_type === 'access_code.created'))
  const view = await fetch(`${endpoint}/connect_webviews/create`, {
    method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: '{"accepted_providers":["lockly"]}'
  })
  assert.equal((await view.json()).connect_webview.status, 'pending')
})

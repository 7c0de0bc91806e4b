// The official client of the hosted API, unchanged, drives lockctl serve. What it returns is judged, and the doors are.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

import { isSeamHttpApiError, isSeamHttpInvalidInputError, Seam, SeamHttpUnauthorizedError, SeamWebhook } from 'seam'

import { start } from './daemon.mjs'

let daemon, seam

before(async () => {
  daemon = await start()
  seam = new Seam({ apiKey: daemon.apiKey, endpoint: daemon.endpoint })
})

after(() => daemon.stop())

// fails says that a request is answered with an error of the API, which the client knows by its type.
const fails = (status, code, promise) => assert.rejects(promise, err => {
  assert.ok(isSeamHttpApiError(err), `${err}`)
  assert.equal(err.statusCode, status)
  assert.equal(err.code, code)
  assert.ok(err.requestId)
  return true
})

// wrong says that a request is refused for one of its parameters.
const wrong = (field, promise) => assert.rejects(promise, err => {
  assert.ok(isSeamHttpInvalidInputError(err), `${err}`)
  assert.equal(err.statusCode, 400)
  assert.notEqual(err.getValidationErrorMessages(field).length, 0, `nothing is said of ${field}: ${err.message}`)
  return true
})

const stay = async (hours = 4, nights = 24) => ({ starts_at: await daemon.later(hours), ends_at: await daemon.later(hours + nights) })

test('a stay, from its creation to its end', async () => {
  const times = await stay()
  const made = await seam.accessCodes.create({ device_id: 'jit', name: 'guest', code: '482915', ...times })
  assert.equal(made.status, 'unset')
  assert.equal(made.type, 'time_bound')
  assert.equal(made.code, '482915')
  assert.equal(made.starts_at, times.starts_at)
  assert.equal(made.is_managed, true)
  assert.deepEqual(await seam.accessCodes.get({ access_code_id: made.access_code_id }), made)
  assert.equal((await seam.accessCodes.get({ device_id: 'jit', code: '482915' })).access_code_id, made.access_code_id)
  assert.ok((await seam.accessCodes.list({ device_id: 'jit' })).some(c => c.access_code_id === made.access_code_id))

  await daemon.skip(4 * 60)
  assert.equal((await seam.accessCodes.get({ access_code_id: made.access_code_id })).status, 'set')
  assert.equal(await daemon.opens('jit', '482915'), true)

  await seam.accessCodes.update({ access_code_id: made.access_code_id, name: 'guest of room 1', code: '593026' })
  await daemon.skip(1)
  const changed = await seam.accessCodes.get({ access_code_id: made.access_code_id })
  assert.equal(changed.name, 'guest of room 1')
  assert.equal(changed.type, 'time_bound')
  assert.equal(await daemon.opens('jit', '593026'), true)
  assert.equal(await daemon.opens('jit', '482915'), false)

  await seam.accessCodes.delete({ access_code_id: made.access_code_id })
  await daemon.skip(1)
  assert.equal(await daemon.opens('jit', '593026'), false)
  await fails(404, 'access_code_not_found', seam.accessCodes.get({ access_code_id: made.access_code_id }))
})

test('a lock that keeps schedules is told days before', async () => {
  const made = await seam.accessCodes.create({ device_id: 'native', ...await stay(48) })
  await daemon.skip(1)
  const held = await seam.accessCodes.get({ access_code_id: made.access_code_id })
  assert.equal(held.status, 'unset')
  assert.equal(held.is_scheduled_on_device, true)
  assert.equal(await daemon.opens('native', held.code), false)
  await seam.accessCodes.delete({ access_code_id: made.access_code_id })
})

test('one PIN for several doors', async () => {
  const made = await seam.accessCodes.createMultiple({ device_ids: ['native', 'jit'], name: 'family', ...await stay() })
  assert.equal(made.length, 2)
  assert.equal(made[0].code, made[1].code)
  assert.ok(made[0].common_code_key)
  assert.equal(made[0].common_code_key, made[1].common_code_key)
  const ends = await daemon.later(60)
  await seam.accessCodes.updateMultiple({ common_code_key: made[0].common_code_key, ends_at: ends })
  for (const code of made) assert.equal((await seam.accessCodes.get({ access_code_id: code.access_code_id })).ends_at, ends)
  const repeated = await seam.accessCodes.createMultiple({
    device_ids: ['native', 'jit'], code: '770011', name: 'twice', ...await stay()
  })
  assert.equal(repeated[0].common_code_key, null)
  for (const code of [...made, ...repeated]) await seam.accessCodes.delete({ access_code_id: code.access_code_id })
})

test('create_multiple that is sent again makes nothing twice', async () => {
  const wish = { device_ids: ['native', 'jit'], name: 'again', ...await stay() }
  const first = await seam.accessCodes.createMultiple(wish)
  const again = await seam.accessCodes.createMultiple(wish)
  assert.deepEqual(again.map(c => c.access_code_id), first.map(c => c.access_code_id))
  for (const code of first) await seam.accessCodes.delete({ access_code_id: code.access_code_id })
})

test('digits are drawn within the rules of the lock', async () => {
  const drawn = await seam.accessCodes.generateCode({ device_id: 'jit' })
  assert.equal(drawn.device_id, 'jit')
  const { properties } = await seam.devices.get({ device_id: 'jit' })
  assert.ok(properties.supported_code_lengths.includes(drawn.code.length))
})

test('a backup stands in', async () => {
  const made = await seam.accessCodes.create({ device_id: 'jit', use_backup_access_code_pool: true, ...await stay(1) })
  await daemon.skip(90)
  const before = await seam.accessCodes.get({ access_code_id: made.access_code_id })
  assert.equal(before.is_backup_access_code_available, true)
  const original = await seam.accessCodes.pullBackupAccessCode({ access_code_id: made.access_code_id })
  assert.equal(original.access_code_id, made.access_code_id)
  const backup = await seam.accessCodes.get({ access_code_id: original.pulled_backup_access_code_id })
  assert.equal(backup.is_backup, true)
  assert.equal(backup.ends_at, original.ends_at)
  assert.equal(await daemon.opens('jit', backup.code), true)
  const again = await seam.accessCodes.pullBackupAccessCode({ access_code_id: made.access_code_id })
  assert.equal(again.pulled_backup_access_code_id, backup.access_code_id)
  await seam.accessCodes.delete({ access_code_id: made.access_code_id })
})

test('a code that somebody put on the lock', async () => {
  await seam.accessCodes.simulate.createUnmanagedAccessCode({ device_id: 'outside', name: 'cleaner', code: '7391' })
  await seam.accessCodes.simulate.createUnmanagedAccessCode({ device_id: 'outside', name: 'plumber', code: '8264' })
  await daemon.skip(5)
  const all = await seam.accessCodes.unmanaged.list({ device_id: 'outside' })
  assert.deepEqual(all.map(c => c.name).sort(), ['cleaner', 'plumber'])
  const [cleaner, plumber] = ['cleaner', 'plumber'].map(name => all.find(c => c.name === name))
  assert.equal(cleaner.is_managed, false)
  assert.deepEqual(await seam.accessCodes.unmanaged.get({ access_code_id: cleaner.access_code_id }), cleaner)
  await seam.accessCodes.unmanaged.convertToManaged({ access_code_id: cleaner.access_code_id })
  await seam.accessCodes.unmanaged.delete({ access_code_id: plumber.access_code_id })
  await daemon.skip(5)
  assert.deepEqual(await seam.accessCodes.unmanaged.list({ device_id: 'outside' }), [])
  assert.equal(await daemon.opens('outside', '8264'), false)
  const managed = await seam.accessCodes.get({ device_id: 'outside', code: '7391' })
  assert.equal(managed.is_managed, true)
  await seam.accessCodes.update({ access_code_id: managed.access_code_id, is_managed: false })
  await fails(404, 'access_code_not_found', seam.accessCodes.get({ access_code_id: managed.access_code_id }))
  assert.equal(await daemon.opens('outside', '7391'), true)
  assert.equal((await seam.accessCodes.unmanaged.list({ device_id: 'outside' })).length, 1)
})

test('devices, accounts and the workspace', async () => {
  const devices = await seam.devices.list()
  assert.deepEqual(devices.map(d => d.device_id).sort(), ['busy', 'four', 'jit', 'native', 'outside'])
  assert.equal((await seam.locks.get({ device_id: 'jit' })).device_id, 'jit')
  assert.equal((await seam.locks.list()).length, devices.length)
  const accounts = await seam.connectedAccounts.list()
  assert.equal((await seam.connectedAccounts.get({ connected_account_id: accounts[0].connected_account_id })).connected_account_id, accounts[0].connected_account_id)
  assert.ok((await seam.workspaces.get()).workspace_id)
  await fails(404, 'device_not_found', seam.devices.get({ device_id: 'nowhere' }))
})

test('pages', async () => {
  const pages = seam.createPaginator(seam.devices.list({ limit: 2 }))
  const [first, { hasNextPage, nextPageCursor }] = await pages.firstPage()
  assert.equal(first.length, 2)
  assert.equal(hasNextPage, true)
  const [second] = await pages.nextPage(nextPageCursor)
  assert.equal(second.length, 2)
  assert.equal((await pages.flattenToArray()).length, 5)
})

test('a device that is out of reach, and its constraints', async () => {
  await seam.devices.simulate.disconnect({ device_id: 'busy' })
  await daemon.skip(60 * 25)
  assert.equal((await seam.devices.get({ device_id: 'busy' })).properties.online, false)
  await seam.devices.simulate.connect({ device_id: 'busy' })
  await daemon.skip(60)
  assert.equal((await seam.devices.get({ device_id: 'busy' })).properties.online, true)
  await seam.accessCodes.reportDeviceConstraints({ device_id: 'four', supported_code_lengths: [6] })
  assert.deepEqual((await seam.devices.get({ device_id: 'four' })).properties.supported_code_lengths, [6])
  await wrong('code', seam.accessCodes.create({ device_id: 'four', code: '4826' }))
})

test('refusals are the types that the client knows', async () => {
  const times = await stay()
  const one = await seam.accessCodes.create({ device_id: 'busy', code: '9173', ...times })
  await fails(409, 'duplicate_access_code', seam.accessCodes.create({ device_id: 'busy', code: '9173', ...times }))
  await wrong('code', seam.accessCodes.create({ device_id: 'busy', code: 'abc', ...times }))
  await wrong('ends_at', seam.accessCodes.create({ device_id: 'busy', starts_at: times.ends_at, ends_at: times.starts_at }))
  await wrong('device_id', seam.accessCodes.create({}))
  await fails(404, 'device_not_found', seam.accessCodes.create({ device_id: 'nowhere' }))
  const ongoing = await seam.accessCodes.create({ device_id: 'busy' })
  await fails(400, 'access_code_not_time_bound', seam.accessCodes.pullBackupAccessCode({ access_code_id: ongoing.access_code_id }))
  await assert.rejects(seam.accessCodes.create({ device_id: 'busy', ...times }).then(async () => {
    for (let i = 0; i < 10; i++) await seam.accessCodes.create({ device_id: 'busy', ...times })
  }), err => isSeamHttpApiError(err) && err.statusCode === 429)
  const stranger = new Seam({ apiKey: 'seam_nobody', endpoint: daemon.endpoint })
  await assert.rejects(stranger.devices.list(), SeamHttpUnauthorizedError)
  const reader = new Seam({ apiKey: daemon.readOnlyKey, endpoint: daemon.endpoint })
  assert.equal((await reader.accessCodes.get({ access_code_id: one.access_code_id })).code, null)
  await fails(403, 'forbidden', reader.accessCodes.delete({ access_code_id: one.access_code_id }))
})

test('events, and webhooks that its own verifier takes', async t => {
  const posts = []
  let arrived
  const receiver = createServer(async (request, response) => {
    const parts = []
    for await (const part of request) parts.push(part)
    posts.push({ headers: request.headers, body: Buffer.concat(parts).toString() })
    response.end()
    arrived?.()
  })
  t.after(() => receiver.close()) // else a test that fails never ends
  await new Promise(resolve => receiver.listen(0, '127.0.0.1', resolve))
  const since = new Date((await daemon.now()).getTime() - 1).toISOString()
  const hook = await seam.webhooks.create({
    url: `http://127.0.0.1:${receiver.address().port}/`, event_types: ['access_code.created', 'access_code.set_on_device']
  })
  assert.equal((await seam.webhooks.get({ webhook_id: hook.webhook_id })).url, hook.url)
  const made = await seam.accessCodes.create({ device_id: 'outside', ...await stay(0.1) })
  await daemon.skip(10)
  const verifier = new SeamWebhook(hook.secret)
  const heard = () => posts.map(post => verifier.verify(post.body, post.headers)).filter(e => e.access_code_id === made.access_code_id)
  while (heard().length < 2) await new Promise(resolve => { arrived = resolve }) // codes of the tests before may be set meanwhile
  const told = heard()
  assert.deepEqual(told.map(e => e.event_type).sort(), ['access_code.created', 'access_code.set_on_device'])
  assert.throws(() => verifier.verify(posts[0].body.replace('created', 'changed'), posts[0].headers))
  const events = await seam.events.list({ since, access_code_id: made.access_code_id })
  assert.ok(events.some(e => e.event_type === 'access_code.set_on_device'))
  assert.equal((await seam.events.get({ event_id: told[0].event_id })).event_type, told[0].event_type)
  await seam.webhooks.update({ webhook_id: hook.webhook_id, event_types: ['*'] })
  await seam.webhooks.delete({ webhook_id: hook.webhook_id })
  assert.deepEqual(await seam.webhooks.list(), [])
})

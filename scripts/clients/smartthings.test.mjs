// SmartThings' own client, unchanged, speaks to the façade of locksim serve: somebody else's reading of that protocol.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import sdk from '@smartthings/core-sdk'

const { BearerTokenAuthenticator, RefreshTokenAuthenticator, SmartThingsClient } = sdk
const program = fileURLToPath(new URL('../../bin/locksim', import.meta.url))

let child, ended, baseURL, client, control
const told = {} // what locksim serve prints of the account

// refreshData is what the client keeps for the next renewal.
let refreshData

before(async () => {
  child = spawn(program, ['serve', '--vendor', 'smartthings', '--port', '0', '--locks', '3'], { stdio: ['ignore', 'pipe', 'inherit'] })
  ended = new Promise(resolve => child.once('exit', resolve))
  for await (const line of createInterface(child.stdout)) {
    const secret = /^# export (SMARTTHINGS_\w+)='(\S+)'$/.exec(line)
    if (secret) told[secret[1]] = secret[2]
    control ??= /(http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1]
    told.clientId ??= /client_id = "([^"]+)"/.exec(line)?.[1]
    baseURL ??= /base_url = "([^"]+)"/.exec(line)?.[1]
    if (line === '# all of them answer') break
  }
  child.stdout.resume()
  assert.ok(baseURL && control && told.clientId && told.SMARTTHINGS_CLIENT_SECRET)
  refreshData = { clientId: told.clientId, clientSecret: told.SMARTTHINGS_CLIENT_SECRET, refreshToken: told.SMARTTHINGS_REFRESH_TOKEN }
  const store = {
    getRefreshData: async () => refreshData,
    putAuthData: async data => { refreshData = { ...refreshData, refreshToken: data.refreshToken } }
  }
  client = new SmartThingsClient(new RefreshTokenAuthenticator('long gone', store), {
    urlProvider: { baseURL, authURL: `${baseURL}/oauth/token`, keyApiURL: baseURL }
  })
})

after(async () => {
  child.kill('SIGTERM')
  assert.equal(await ended, 0)
})

const execute = (id, capability, command, args) => client.devices.executeCommand(id, { component: 'main', capability, command, arguments: args })

// until asks again until something is so; the locks run on this machine's clock, and a command takes some seconds.
const until = async so => {
  for (let i = 0; i < 60; i++) {
    const got = await so()
    if (got) return got
    await sleep(250)
  }
  assert.fail('it did not come about in 15 s')
}

const opens = async (lock, pin) => {
  const answer = await fetch(`${control}/type`, { method: 'POST', body: JSON.stringify({ lock, pin }) })
  return (await answer.json()).opens
}

// With a token that has run out the client renews it, and goes on.
test('devices are listed, with their health and status', async () => {
  const spent = refreshData.refreshToken
  const devices = await client.devices.list({ capability: ['lockCodes', 'lockCredentials'], capabilitiesMode: 'or', includeHealth: true, includeStatus: true })
  assert.deepEqual(devices.map(d => d.type), ['ZIGBEE', 'ZWAVE', 'MATTER'])
  assert.notEqual(refreshData.refreshToken, spent)
  const [door] = devices
  assert.equal(door.healthState.state, 'ONLINE')
  assert.equal((await client.devices.getHealth(door.deviceId)).state, 'ONLINE')
  const status = await client.devices.getStatus(door.deviceId)
  assert.equal(status.components.main.lock.lock.value, 'locked')
  assert.equal(status.components.main.lockCodes.lockCodes.value, '{}')
  assert.equal((await client.devices.list({ capability: 'lockCodes' })).length, 2)
})

test('a command of lockCodes writes a code, which opens the door', async () => {
  const [door] = await client.devices.list({ type: 'ZIGBEE' })
  const { results: [result] } = await execute(door.deviceId, 'lockCodes', 'setCode', [3, '482915', 'ac-7f3'])
  assert.equal(result.status, 'ACCEPTED')
  const codes = await until(async () => {
    const now = await client.devices.getCapabilityStatus(door.deviceId, 'main', 'lockCodes')
    return now.codeChanged.value === '3 set' && now
  })
  assert.deepEqual(JSON.parse(codes.lockCodes.value), { 3: 'ac-7f3' })
  assert.equal(await opens('smartthings-1', '482915'), true)
  const { items } = await client.history.devices({ locationId: door.locationId, deviceId: door.deviceId, limit: 5 })
  assert.equal(items[0].capability, 'lock')
  assert.deepEqual([items[0].value, items[0].data.method, items[0].data.codeId], ['unlocked', 'keypad', '3'])
  await execute(door.deviceId, 'lockCodes', 'deleteCode', [3])
  await until(async () => (await client.devices.getCapabilityStatus(door.deviceId, 'main', 'lockCodes')).lockCodes.value === '{}')
  assert.equal(await opens('smartthings-1', '482915'), false)
})

test('a command of lockCredentials does, in the order that the capability has', async () => {
  const [door] = await client.devices.list({ type: 'MATTER' })
  const capability = await client.capabilities.get('lockCredentials', 1)
  const values = { userIndex: 0, userType: 'guest', credentialType: 'pin', credentialData: '739164', credentialName: 'ac-7f4' }
  await execute(door.deviceId, 'lockCredentials', 'addCredential', capability.commands.addCredential.arguments.map(a => values[a.name]))
  const now = await until(async () => {
    const s = await client.devices.getCapabilityStatus(door.deviceId, 'main', 'lockCredentials')
    return s.commandResult.value?.statusCode === 'success' && s
  })
  assert.equal(now.credentials.value.length, 1)
  assert.equal(await opens('smartthings-3', '739164'), true)
})

test('what is wrong is refused as the client expects', async () => {
  const [door] = await client.devices.list({ type: 'ZIGBEE' })
  await assert.rejects(execute(door.deviceId, 'lockCodes', 'setCode', ['three', '482915', 'x']), err => {
    assert.equal(err.response.status, 422)
    assert.equal(err.response.data.error.details[0].target, 'commands[0].arguments[0]')
    return true
  })
  const stranger = new SmartThingsClient(new BearerTokenAuthenticator('nobody'), { urlProvider: { baseURL, authURL: baseURL, keyApiURL: baseURL } })
  await assert.rejects(stranger.devices.list(), err => err.response.status === 401)
})

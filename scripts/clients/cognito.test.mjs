// Amazon's own client signs in to the user pool that locksim serve answers for.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import cognito from 'amazon-cognito-identity-js'

const { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserPool } = cognito
const program = fileURLToPath(new URL('../../bin/locksim', import.meta.url))

let child, settings, password

before(async () => {
  child = spawn(program, ['serve', '--vendor', 'kwikset', '--port', '0', '--locks', '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    password ??= /^# export KWIKSET_PASSWORD='(.*)'$/.exec(line)?.[1]
    if (line.startsWith('settings = ')) settings = Object.fromEntries([...line.matchAll(/(\w+) = "([^"]*)"/g)].map(m => [m[1], m[2]]))
    if (line === '# all of them answer') break
  }
  assert.ok(settings?.base_url && password, 'locksim serve tells no account')
})

after(() => child.kill('SIGTERM'))

const userOf = name => new CognitoUser({
  Username: name,
  Pool: new CognitoUserPool({ UserPoolId: settings.user_pool, ClientId: settings.client_id, endpoint: settings.base_url })
})

// signIn resolves to a session, or to the second factor that is asked for, which answer then tells.
const signIn = (name, secret, answer) => new Promise((resolve, reject) => {
  const user = userOf(name)
  const callbacks = {
    onSuccess: resolve,
    onFailure: reject,
    mfaRequired: () => user.sendMFACode(answer, callbacks),
    totpRequired: () => user.sendMFACode(answer, callbacks, 'SOFTWARE_TOKEN_MFA')
  }
  user.authenticateUser(new AuthenticationDetails({ Username: name, Password: secret }), callbacks)
})

test('the right password gives tokens that can be read and renewed', async () => {
  const session = await signIn(settings.email, password)
  assert.ok(session.isValid())
  const id = session.getIdToken().payload
  assert.equal(id.token_use, 'id')
  assert.equal(id.email, settings.email)
  assert.ok(id['cognito:username'] && id.exp > id.iat)
  const access = session.getAccessToken().payload
  assert.equal(access.token_use, 'access')
  assert.equal(access.client_id, settings.client_id)
  const renewed = await new Promise((resolve, reject) => {
    userOf(settings.email).refreshSession(
      new CognitoRefreshToken({ RefreshToken: session.getRefreshToken().getToken() }), (bad, next) => bad ? reject(bad) : resolve(next))
  })
  assert.ok(renewed.isValid())
  assert.equal(renewed.getIdToken().payload.sub, id.sub)
})

test('the tokens open the doors of the vendor', async () => {
  const session = await signIn(settings.email, password)
  const ask = async (path, token) => (await fetch(settings.base_url + path, { headers: { authorization: `Bearer ${token}` } }))
  const homes = await (await ask('/users/me/homes?top=200', session.getIdToken().getJwtToken())).json()
  const devices = await (await ask(`/homes/${homes.data[0].homeid}/devices`, session.getIdToken().getJwtToken())).json()
  assert.equal(devices.data.length, 1)
  assert.equal((await ask('/users/me/homes', session.getAccessToken().getJwtToken())).status, 401)
})

test('a wrong password is refused', async () => {
  await assert.rejects(signIn(settings.email, password + 'x'), { code: 'NotAuthorizedException' })
})

test('a stranger is refused', async () => {
  await assert.rejects(signIn('nobody@example.org', password), { code: 'UserNotFoundException' })
})

for (const factor of ['sms', 'totp']) {
  test(`a second factor is asked for: ${factor}`, async () => {
    assert.ok((await signIn(`${factor}+${settings.email}`, password, '424242')).isValid())
    await assert.rejects(signIn(`${factor}+${settings.email}`, password, '000000'), { code: 'CodeMismatchException' })
  })
}

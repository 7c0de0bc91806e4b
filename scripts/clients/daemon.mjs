// A lockctl serve of the test's own: a simulated fleet whose clock stands still until somebody skips ahead.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../../bin/lockctl', import.meta.url))
const fleet = fileURLToPath(new URL('fleet.toml', import.meta.url))

// start serves a world on loopback, the fleet beside this file unless told otherwise, with a key that may do everything and one that may only read.
export async function start ({ world = fleet, options = [] } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'lockctl-clients-'))
  const env = { PATH: process.env.PATH, HOME: home }
  const args = ['serve', '--sim', world, '--rate', '0', '--listen', '127.0.0.1:0', ...options]
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => child.once('exit', resolve))
  let endpoint
  for await (const line of createInterface(child.stdout)) {
    const tcp = /^listening on (127\.0\.0\.1:\d+)$/.exec(line)
    if (tcp) {
      endpoint = `http://${tcp[1]}`
      break
    }
  }
  if (!endpoint) throw new Error(`lockctl serve ended with ${await ended}`)
  const newKey = async (name, scopes) => {
    const { stdout } = await promisify(execFile)(program, ['keys', 'create', name, '--scopes', scopes], { env })
    return stdout.trim()
  }
  const apiKey = await newKey('all', 'read,write,pins')
  const ask = async (path, body = {}) => {
    const answer = await fetch(endpoint + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body)
    })
    const said = await answer.json()
    if (!said.ok) throw new Error(`${path}: ${answer.status} ${said.error.message}`)
    return said
  }
  const now = async () => new Date((await ask('/v1/lab/state')).state.Now)
  return {
    endpoint,
    apiKey,
    readOnlyKey: await newKey('reader', 'read'),
    ask,
    now,
    // later is an instant of the fleet's clock, so many hours from now.
    later: async hours => new Date((await now()).getTime() + hours * 3600e3).toISOString(),
    // skip runs the fleet's clock so many minutes ahead.
    skip: async minutes => {
      await ask('/v1/lab/skip_to', { to: new Date((await now()).getTime() + minutes * 60e3).toISOString() })
    },
    // opens types digits at a lock's keypad.
    opens: async (device, code) => (await ask('/v1/lab/type', { device_id: device, code })).try.Opens,
    stop: async () => {
      child.kill('SIGTERM')
      const code = await ended
      await rm(home, { recursive: true })
      if (code !== 0) throw new Error(`lockctl serve ended with ${code}`)
    }
  }
}

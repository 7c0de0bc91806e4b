// What docs/testing-your-integration.md shows is run as it stands there.
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { start } from './daemon.mjs'

test('the example of the documentation', async () => {
  const house = fileURLToPath(new URL('../../sim/simtest/house.toml', import.meta.url))
  const daemon = await start({ world: house })
  try {
    process.env.LOCKS_URL = daemon.endpoint
    process.env.LOCKS_KEY = daemon.apiKey
    await import('./integration.mjs')
  } finally {
    await daemon.stop()
  }
})

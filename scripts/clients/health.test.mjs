// Whoever starts a simulation in CI asks first whether it is there.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { start } from './daemon.mjs'

test('a simulation tells that it lives, that it is ready, and what it measures', async () => {
  const daemon = await start()
  try {
    for (const [path, says] of [['/healthz', /^ok$/m], ['/readyz', /^ready$/m], ['/metrics', /^lockctl_devices\{state="all"\} 5$/m]]) {
      const answer = await fetch(daemon.endpoint + path)
      assert.equal(answer.status, 200)
      assert.match(await answer.text(), says)
    }
  } finally {
    await daemon.stop()
  }
})

package bell

import (
	"context"
	"testing"
	"testing/synctest"
)

// rings tells whether the bell has rung since it was last listened to, and whether it still hangs.
func rings(bell <-chan struct{}) (rung, hangs bool) {
	select {
	case _, open := <-bell:
		return open, open
	default:
		return false, true
	}
}

func TestBells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Bells
		ctx, cancel := context.WithCancel(t.Context())
		one, other := b.Hang(ctx), b.Hang(t.Context())
		if rung, hangs := rings(one); rung || !hangs {
			t.Error("a bell rings unasked")
		}
		for range 3 {
			b.Ring()
		}
		if rung, _ := rings(one); !rung {
			t.Error("a bell did not ring")
		}
		if rung, hangs := rings(one); rung || !hangs {
			t.Error("three commits rang more than once at somebody who was not listening")
		}
		cancel()
		synctest.Wait()
		if _, hangs := rings(one); hangs {
			t.Error("a bell hangs after its context")
		}
		if rung, _ := rings(other); !rung {
			t.Error("the end of one bell took the ring of another")
		}
		b.Silence()
		b.Silence()
		b.Ring()
		if _, hangs := rings(other); hangs {
			t.Error("a bell hangs after Silence")
		}
		if _, hangs := rings(b.Hang(t.Context())); hangs {
			t.Error("a bell was hung after Silence")
		}
	})
}

func TestABellHungTooLateIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var b Bells
		bell := b.Hang(ctx)
		synctest.Wait()
		if _, hangs := rings(bell); hangs {
			t.Error("a bell hangs although its context had ended")
		}
	})
}

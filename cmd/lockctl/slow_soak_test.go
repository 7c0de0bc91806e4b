//go:build soak

package main

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// A vendor that takes nearly a minute for each answer, in real time, with hundreds of locks that all wait for it: the locks of
// another account are written meanwhile as if it were not there, again and again, the slow one's code arrives all the same, and
// the daemon does not grow.
func TestASlowProviderHoldsUpNobodyElse(t *testing.T) {
	const slow, quick, oneWay = 500, 10, 28500 // a look or a write is there and back, and two seconds on the lock's radio
	home := t.TempDir()
	configure(t, home, fmt.Sprintf(`
[[account]]
id = "slow"
provider = "sim"
settings = { locks = %d, model = "jit.keypad", latency_ms = %d }
[account.policy]
call_timeout = "2m"

[[account]]
id = "quick"
provider = "sim"
settings = { locks = %d, model = "jit.keypad", latency_ms = 10 }
`, slow, oneWay, quick))
	s := startServe(t, home)
	s.logged("devices were put under management")
	s.logged("devices were put under management")
	starts := time.Now().Add(10 * time.Minute).UTC() // somebody is about to arrive: that goes before looks that nobody waits for
	create := func(device string) string {
		var made struct {
			Code struct {
				ID string `json:"access_code_id"`
			} `json:"access_code"`
		}
		if err := s.post("/access_codes/create", map[string]any{
			"device_id": device, "name": "Guest", "starts_at": starts.Format(time.RFC3339), "ends_at": starts.Add(time.Hour).Format(time.RFC3339),
		}, &made); err != nil {
			t.Error(err)
		}
		return made.Code.ID
	}
	// set waits until the lock has the code; it reports whether it did.
	set := func(code string) bool {
		for t.Context().Err() == nil {
			var got struct {
				Code struct {
					Status string `json:"status"`
				} `json:"access_code"`
			}
			if err := s.post("/access_codes/get", map[string]any{"access_code_id": code}, &got); err != nil {
				t.Error(err)
				return false
			}
			if got.Code.Status == "set" {
				return true
			}
			<-time.After(100 * time.Millisecond)
		}
		return false
	}
	arrived := make(chan time.Duration, 1)
	began := time.Now()
	go func() {
		set(create("slow-001"))
		arrived <- time.Since(began)
		close(arrived)
	}()
	var waits waited
	var all sync.WaitGroup
	var took time.Duration
	over := make(chan struct{})
	for i := range quick {
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				asked := time.Now()
				code := create(fmt.Sprintf("quick-%02d", i+1))
				if !set(code) {
					return
				}
				waits.add(time.Since(asked))
				if err := s.post("/access_codes/delete", map[string]any{"access_code_id": code}, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	took = <-arrived
	close(over)
	all.Wait()
	waits.mu.Lock()
	n := len(waits.all)
	waits.mu.Unlock()
	if took < time.Minute {
		t.Errorf("the slow one's code was there after %v: it was not slow", took)
	}
	if n < 5*quick {
		t.Errorf("while the slow account took %v, only %d codes of the other arrived", took, n)
	}
	const most = 256
	if got := s.status("VmHWM:"); got > most {
		t.Errorf("the daemon held up to %.0f MiB, want at most %d", got, most)
	}
	t.Logf("the slow account's code arrived after %v; meanwhile %d of the other, each within %v; the daemon held at most %.0f MiB", took.Round(time.Second), n, &waits, s.status("VmHWM:"))
	s.ends()
}

package rest_test

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver/rest"
)

func TestALimitIsNeverPassed(t *testing.T) {
	start := time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC)
	l := rest.Limit{Most: 3, Within: 10 * time.Second}
	for _, x := range []struct {
		at   time.Duration
		wait time.Duration
	}{{0, 0}, {time.Second, 0}, {2 * time.Second, 0}, {3 * time.Second, 7 * time.Second}, {9 * time.Second, time.Second}, {10 * time.Second, 0}, {10 * time.Second, time.Second}, {11 * time.Second, 0}} {
		if wait := l.Take(start.Add(x.at)); wait != x.wait {
			t.Errorf("after %v it has to wait %v, not %v", x.at, wait, x.wait)
		}
	}
	l.Hold(start.Add(time.Minute))
	l.Hold(start.Add(30 * time.Second)) // it is held off longer already
	for _, at := range []time.Duration{30 * time.Second, time.Minute} {
		wait := time.Minute - at
		if got := l.Take(start.Add(at)); got != wait {
			t.Errorf("after %v it has to wait %v, not %v", at, got, wait)
		}
	}
}

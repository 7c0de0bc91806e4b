package rest

import (
	"slices"
	"sync"
	"time"
)

// Limit keeps a driver within what its vendor takes of one kind of request: so many in so long, and none while it holds off. It never
// waits. It is safe for concurrent use.
type Limit struct {
	Most   int
	Within time.Duration

	mu    sync.Mutex
	sent  []time.Time // the last ones, at most Most
	until time.Time   // the vendor holds off until then
}

// Take counts a request that is about to be sent. wait > 0: it must not be sent, and may be after so long.
func (l *Limit) Take(now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.until) {
		return l.until.Sub(now)
	}
	l.sent = slices.DeleteFunc(l.sent, func(t time.Time) bool { return !now.Before(t.Add(l.Within)) })
	if len(l.sent) >= l.Most {
		return l.sent[0].Add(l.Within).Sub(now)
	}
	l.sent = append(l.sent, now)
	return 0
}

// Hold sends nothing before then, as the vendor has asked.
func (l *Limit) Hold(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.until) {
		l.until = until
	}
}

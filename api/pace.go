package api

import (
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/accesscodes/lockctl/lock"
)

// pace is a kind of request that is bounded for each device.
type pace string

// The paces, by the guardrails that the hosted API documents.
const (
	paceCreate pace = "create"
	paceUpdate pace = "update"
	paceDelete pace = "delete"
	paceLock   pace = "lock"
	paceUnlock pace = "unlock"
)

// minute is how many requests of a kind one device takes in a minute.
func (p pace) minute() int {
	switch p {
	case paceCreate, paceUpdate:
		return 10
	case paceDelete:
		return 20
	}
	return 15
}

func (p pace) words() string { return strconv.Itoa(p.minute()) }

// maxPaced bounds the devices that are remembered. Beyond it those that have a full allowance again are forgotten.
const maxPaced = 20_000

type paced struct {
	kind   pace
	device lock.DeviceID
}

// paces are the allowances of the devices that were asked for lately.
type paces struct {
	mu  sync.Mutex
	all map[paced]*rate.Limiter
}

func newPaces() *paces { return &paces{all: map[paced]*rate.Limiter{}} }

// take uses one request up, or says how long to wait until there is one.
func (p *paces) take(kind pace, id lock.DeviceID, now time.Time) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.all[paced{kind, id}]
	if l == nil {
		if len(p.all) >= maxPaced {
			p.forget(now)
		}
		l = rate.NewLimiter(rate.Every(time.Minute/time.Duration(kind.minute())), kind.minute())
		p.all[paced{kind, id}] = l
	}
	r := l.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

func (p *paces) forget(now time.Time) {
	for k, l := range p.all {
		if l.TokensAt(now) >= float64(k.kind.minute()) {
			delete(p.all, k)
		}
	}
}

package igloohome

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// The cloud takes jobs for a bridge that is away and says nothing of it. That it is away shows in a job that waits for too long, and
// that it is back in one that it has done: once it was found away a look gives it one, to tell the state of the lock.

// How long a bridge may leave a job before it counts as away.
const (
	oneTakes    = 2 * time.Minute  // a job with none ahead of it; those who use the API give up after one
	eachTakes   = 15 * time.Second // each job ahead of it
	bridgeTakes = 6 * time.Minute  // any; so long for one of which it is not known how many were ahead
)

// post is a job that a bridge was given.
type post struct {
	job     string
	at, due time.Time
}

// absence is a bridge that did not turn to a job.
type absence struct {
	Bridge string
	Job    string // by which it will be known to be back; "": it was not even given one
	At     time.Time
}

// posted notes a job that a bridge was given.
func (a *account) posted(bridge, job string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	ahead := slices.DeleteFunc(a.posts[bridge], func(p post) bool { return now.Sub(p.at) > bridgeTakes })
	due := now.Add(min(oneTakes+time.Duration(len(ahead))*eachTakes, bridgeTakes))
	a.posts[bridge] = append(ahead, post{job, now, due})
}

// dueOf is when the bridge of a lock must have turned to a job of a time.
func (a *account) dueOf(id, job string, at time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	bridge, due := a.bridges[id], at.Add(bridgeTakes)
	if i := slices.IndexFunc(a.posts[bridge], func(p post) bool { return p.job == job }); i >= 0 {
		due = a.posts[bridge][i].due
	}
	if back := a.back[bridge].Add(bridgeTakes); back.After(due) && bridge != "" {
		return back // what waited for it is done one by one
	}
	return due
}

// reach tells how far a lock's bridge is; stuck is a job of the lock that waits for too long, "" if none does.
func (a *account) reach(ctx context.Context, c rest.Call, id, stuck string, gone []absence) (lock.Reach, error) {
	bridge := a.bridgeOf(id)
	if bridge == "" && (stuck != "" || len(gone) > 0) {
		if _, err := a.devices(ctx, c); err != nil {
			return lock.ReachUnknown, err
		}
		bridge = a.bridgeOf(id)
	}
	i := slices.IndexFunc(gone, func(x absence) bool { return x.Bridge == bridge })
	switch {
	case bridge == "":
		return lock.Reached, nil // there is none to wait for
	case i < 0 && stuck == "":
		return lock.Reached, nil
	case i < 0:
		return lock.HubDown, a.missed(ctx, c, bridge, stuck)
	}
	x := gone[i]
	if x.Job != "" {
		var j job
		err := a.ask(ctx, c, "/jobs/"+url.PathEscape(x.Job), &j)
		switch s := j.state(); {
		case err != nil && !driver.Is(err, driver.NotFound):
			return lock.ReachUnknown, err
		case err == nil && s == pending:
			return lock.HubDown, nil
		case err == nil && (s == done || !j.expired(a.now())):
			return lock.Reached, a.returned(ctx, c, bridge)
		}
	}
	next, err := a.order(ctx, c, id, bridge, order{Type: jobStatus})
	switch e, ok := errors.AsType[*driver.Error](err); {
	case err == nil:
		return lock.HubDown, a.missed(ctx, c, bridge, next)
	case ok && e.Blame == driver.BlameHub:
		return lock.HubDown, nil
	case ok && e.Kind.Definite() && e.Kind != driver.Offline && e.Kind != driver.Throttled:
		return lock.Reached, a.returned(ctx, c, bridge) // it can't be asked so, by this client: the next code shows it
	}
	return lock.ReachUnknown, err
}

// missed keeps that a bridge is away, and the job that will show that it is back.
func (a *account) missed(ctx context.Context, c rest.Call, bridge, job string) error {
	if err := a.book.misses(ctx, absence{bridge, job, a.now()}, a.now()); err != nil {
		return a.forgetful(c, err)
	}
	return nil
}

// returned forgets that a bridge was away.
func (a *account) returned(ctx context.Context, c rest.Call, bridge string) error {
	if err := a.book.misses(ctx, absence{Bridge: bridge}, a.now()); err != nil {
		return a.forgetful(c, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.back[bridge] = a.now()
	return nil
}

// expired reports whether a job that is over may have been so because its bridge did not turn to it in time.
func (j *job) expired(now time.Time) bool {
	ends, err := time.Parse(time.RFC3339, j.Expiry)
	return err != nil || !now.Before(ends)
}

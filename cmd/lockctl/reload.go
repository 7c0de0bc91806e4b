package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/live"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

// reload reads the configuration again. Unless all of it is right, nothing changes.
func (d *daemon) reload(ctx context.Context) error {
	conf, err := d.app.configuration(d.path, d.app.registry())
	if err != nil {
		return err
	}
	opened, err := d.open(conf)
	if err != nil {
		return err
	}
	if err := d.decide(ctx, conf); err != nil {
		return err
	}
	d.use(opened)
	d.level.Set(conf.Log.Level)
	for _, x := range []struct {
		name          string
		before, after any
	}{{"api", d.conf.API, conf.API}, {"webhooks", d.conf.Webhooks, conf.Webhooks}, {"metrics", d.conf.Metrics, conf.Metrics}, {"store", d.conf.Store, conf.Store}} {
		if x.before != x.after {
			d.log.Warn("a change waits for the next start", "table", x.name)
		}
	}
	conf.API, conf.Webhooks, conf.Metrics, conf.Store = d.conf.API, d.conf.Webhooks, d.conf.Metrics, d.conf.Store
	d.conf = conf
	return nil
}

// accounts is what the accounts of a configuration are once they are open.
type accounts struct {
	all    map[lock.AccountID]live.Account
	logins map[lock.AccountID]provider.Account
	hooks  map[lock.AccountID]string
}

// use puts opened accounts in the place of those before.
func (d *daemon) use(x accounts) {
	d.accounts.Store(&x.all)
	d.hooks.Store(&x.hooks)
	d.logins = x.logins
}

// open opens the accounts of a configuration; one that is as before goes on as it is.
func (d *daemon) open(conf config.Config) (accounts, error) {
	out := accounts{map[lock.AccountID]live.Account{}, map[lock.AccountID]provider.Account{}, nil}
	for _, c := range conf.Accounts {
		login, err := d.app.login(c)
		if err != nil {
			return accounts{}, err
		}
		v := driver.Driver(nil)
		if before, ok := d.logins[c.ID]; ok && reflect.DeepEqual(before, login) {
			v = d.account(c.ID).Driver
		} else if v, err = d.driver(c.Provider, login); err != nil {
			return accounts{}, err
		}
		out.logins[c.ID] = login
		out.all[c.ID] = live.Account{Driver: v, Lane: live.Lane{Width: c.Width, Rate: c.Rate, Burst: c.Burst}}
	}
	var err error
	out.hooks, err = live.HookPaths(d.app.ctx, d.store, rand.Reader, slices.Sorted(maps.Keys(out.all))...)
	return out, err
}

// driver opens an account; the daemon closes it at its end.
func (d *daemon) driver(vendor string, login provider.Account) (driver.Driver, error) {
	p, _ := d.sim.registry(d.app.vendors).Find(vendor) // it was found when the file was checked
	env, err := d.app.environmentOf(login.ID, d.clock.Now, d.log.With("account", login.ID))
	if err != nil {
		return nil, err
	}
	v, err := p.Open(d.app.ctx, env, login)
	if err != nil {
		return nil, badInput("%w", err)
	}
	d.opened = append(d.opened, v)
	return v, nil
}

// login is what a provider is told of an account, its secrets among it.
func (a *app) login(c config.Account) (provider.Account, error) {
	out := provider.Account{ID: c.ID, Texts: c.Texts, Wholes: c.Wholes, Secrets: map[string]string{}}
	for name, secret := range c.Secrets {
		text, err := secret.Read(a.env.get)
		if err != nil {
			return out, badInput("account %s: %s: %w", c.ID, name, err)
		}
		out.Secrets[name] = text
	}
	return out, nil
}

// keyDecided holds a hash of the policies that the configuration had when they were last told to the engine.
const keyDecided = "config/policies"

// decide tells the engine the policies of a configuration, unless it knows them.
func (d *daemon) decide(ctx context.Context, conf config.Config) error {
	all := []engine.SetPolicy{{Patch: conf.Policy, Whole: true}}
	for _, a := range conf.Accounts {
		all = append(all, engine.SetPolicy{Account: a.ID, Patch: a.Policy, Whole: true})
	}
	for _, v := range conf.Devices {
		all = append(all, engine.SetPolicy{Device: v.ID, Patch: v.Policy, Whole: true})
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:])
	before, err := d.store.Get(ctx, keyDecided)
	if err != nil || string(before.Val) == hash {
		return err
	}
	d.waiting = false
	for _, do := range all {
		_, err := d.host.Load().Submit(ctx, engine.Command{Actor: "configuration", Do: do})
		if no, ok := errors.AsType[*engine.Refusal](err); ok && no.Code == "device_not_found" {
			d.waiting = true // until its account lists it
			continue
		}
		if err != nil {
			return fmt.Errorf("policy of %s: %w", cmp.Or(string(do.Account), string(do.Device), "all"), err)
		}
	}
	if d.waiting {
		return nil
	}
	_, err = d.store.Commit(ctx, nil, []store.Op{{Key: keyDecided, Val: []byte(hash)}})
	return err
}

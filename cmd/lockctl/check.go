package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/lock"
)

// checkedLocks is how many locks of an account are looked at: what fails on all fails on the first.
const checkedLocks = 3

// providersCheck tries on an account what can be tried without writing anything.
func providersCheck(a *app, args []string) (err error) {
	path, err := a.configFile()
	if err != nil {
		return err
	}
	d := &daemon{app: a, clock: clockwork.NewRealClock()}
	d.sim = &simulated{clock: d.clock, notice: func(driver.Notice) {}, open: map[lock.AccountID]*house{}}
	conf, err := a.configuration(path, a.registry())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(conf.Accounts, func(c config.Account) bool { return string(c.ID) == args[0] })
	if i < 0 {
		return badInput("account %q is not in the configuration", args[0])
	}
	login, err := a.login(conf.Accounts[i])
	if err != nil {
		return err
	}
	said := &bytes.Buffer{}
	p, _ := d.sim.registry(a.vendors).Find(conf.Accounts[i].Provider) // it was found when the file was read
	env, err := a.environmentOf(login.ID, d.clock.Now, slog.New(slog.NewTextHandler(said, nil)))
	if err != nil {
		return err
	}
	v, err := p.Open(a.ctx, env, login)
	if err != nil {
		return badInput("%w", err)
	}
	defer func() { err = errors.Join(err, v.Close(), d.sim.close()) }()
	ctx, cancel := context.WithTimeout(a.ctx, askAccount)
	defer cancel()
	all, err := v.Devices(ctx)
	switch {
	case driver.Is(err, driver.Unauthorized) && p.SignIn != nil:
		return refused("account %s: %w; put its settings right, or: lockctl accounts login %s", args[0], err, args[0])
	case driver.Is(err, driver.Unauthorized):
		return refused("account %s: %w; put its settings right", args[0], err)
	case err != nil:
		return refused("account %s: %w", args[0], err)
	}
	fmt.Fprintf(a.io.out, "%s lists %d devices\n", args[0], len(all))
	failed := 0
	for _, x := range all[:min(len(all), checkedLocks)] {
		if o, err := v.Observe(ctx, x.ID, driver.Known{}); err == nil && o.Reach > lock.Reached {
			fmt.Fprintf(a.io.out, "%s: %s, so that nothing can be tried on it now\n", x.ID, linkWord(o.Reach))
			continue
		}
		for _, c := range conform.Cases() {
			if !c.Harmless {
				continue
			}
			if err := conform.Check(ctx, c, &conform.Rig{Driver: v, Device: x.ID, Now: d.clock.Now, Log: said.String}); err != nil {
				failed++
				fmt.Fprintf(a.io.out, "%s: %s: %v\n", x.ID, c.Clause, err)
				continue
			}
			fmt.Fprintf(a.io.out, "%s: %s: ok\n", x.ID, c.Name)
		}
	}
	if failed > 0 {
		return refused("account %s: %d checks failed", args[0], failed)
	}
	return nil
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/live"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/lock"
)

const (
	drainCalls = 30 * time.Second // what driver calls under way get when the program is told to end
	listEvery  = 15 * time.Minute // accounts are asked for their devices
	askAccount = time.Minute      // and get so long to answer
)

// daemon runs the accounts of a configuration: everything that lockctl serve has open.
type daemon struct {
	app      *app
	path     string // of the configuration
	clock    clockwork.Clock
	level    *slog.LevelVar
	log      *slog.Logger
	store    *badgerkv.Store
	sim      *simulated
	host     atomic.Pointer[live.Host]
	accounts atomic.Pointer[map[lock.AccountID]live.Account]
	hooks    atomic.Pointer[map[lock.AccountID]string] // where vendors post
	logins   map[lock.AccountID]provider.Account       // that the accounts were opened with
	opened   []driver.Driver                           // all that ever were: each is closed at the end, when no call of it is under way
	conf     config.Config
	waiting  bool // for devices, to tell their policies
	renewals chan renewal
	roster   *live.Roster
	ready    atomic.Pointer[string] // why it is not; nil: it is
}

// serveLive hosts the engine on the real clock, with the accounts of the configuration, until it is told to end.
func serveLive(a *app) (err error) {
	d := &daemon{app: a, clock: clockwork.NewRealClock(), level: &slog.LevelVar{}, renewals: make(chan renewal)}
	d.notReady("it starts")
	if d.path, err = a.configFile(); err != nil {
		return err
	}
	d.sim = &simulated{clock: d.clock, notice: d.notice, open: map[lock.AccountID]*house{}}
	if d.conf, err = a.configuration(d.path, a.registry()); err != nil {
		return err
	}
	d.logTo(d.conf.Log)
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if a.env.get("GOGC") == "" {
		debug.SetGCPercent(live.GarbagePercent)
	}
	if d.store, err = a.openLive(dir, d.conf.Store, d.log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.store.Close()) }()
	d.sim.store = d.store
	defer func() { err = errors.Join(err, d.closeDrivers()) }()
	opened, err := d.open(d.conf)
	if err != nil {
		return err
	}
	d.use(opened)

	e, err := engine.Open(a.ctx, engine.Options{Store: d.store, Cache: live.CodesKept})
	if err != nil {
		return err
	}
	meter := newMeter()
	host := live.New(live.Options{Engine: e, Clock: d.clock, Accounts: d.account, Log: d.log, Watch: meter.ended})
	d.host.Store(host)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), drainCalls)
		defer cancel()
		err = errors.Join(err, host.Close(ctx))
	}()
	if d.roster, err = live.OpenRoster(a.ctx, host, d.store); err != nil {
		return err
	}
	if err := d.decide(a.ctx, d.conf); err != nil {
		return err
	}
	meter.watch(host, d.store)
	return d.serve(dir, host, meter)
}

// serve opens the doors and keeps the accounts until the program is told to end, or the host has ended by itself.
func (d *daemon) serve(dir string, host *live.Host, meter *meter) (err error) {
	a := d.app
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	front, err := a.openFront(ctx, host, nil, d.store, api.Workspace{ID: "lockctl", Name: d.conf.API.Name}, d.conf.API.Unlimited || a.on("unlimited"), d.log)
	if err != nil {
		return err
	}
	defer func() { stop(); err = errors.Join(err, front.close()) }()
	signal.Reset(syscall.SIGHUP) // elsewhere it ends the program
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	health := d.health(meter)
	local, err := listenSocket(a.socket(dir))
	if err != nil {
		return err
	}
	doors := []door{{local, beside(health, beside(d.backups(), beside(d.signedIn(), beside(d.postsAt(), front.server.Local()))))}}
	closeDoors := func(err error) error {
		for _, x := range doors {
			err = errors.Join(err, x.Close())
		}
		return err
	}
	conf := d.conf.API
	if addr := cmp.Or(a.text("listen"), conf.Listen); addr != "" {
		l, err := listenTCP(addr, cmp.Or(a.text("tls-cert"), conf.TLSCert), cmp.Or(a.text("tls-key"), conf.TLSKey))
		if err != nil {
			return closeDoors(err)
		}
		alive := maps.Clone(health)
		delete(alive, "/metrics") // which tells more than a stranger needs
		doors = append(doors, door{l, beside(alive, front.server.Keyed())})
	}
	for _, x := range []struct {
		addr string
		http.Handler
	}{{d.conf.Webhooks.Listen, live.NewInbound(host, d.account, d.hook, d.log)}, {d.conf.Metrics.Listen, beside(health, http.NotFoundHandler())}} {
		if x.addr == "" {
			continue
		}
		l, err := net.Listen("tcp", x.addr)
		if err != nil {
			return closeDoors(badInput("listen: %w", err))
		}
		doors = append(doors, door{l, x.Handler})
	}
	for _, x := range doors {
		fmt.Fprintf(a.io.out, "listening on %s\n", x.Addr())
	}
	kept := make(chan struct{})
	go func() { defer close(kept); d.keep(ctx, hup, host, meter) }()
	defer func() { stop(); <-kept }()
	d.ready.Store(nil)
	if err := a.tellSystemd("READY=1"); err != nil {
		d.log.Warn("the service manager was not told", "err", err)
	}
	go func() {
		select {
		case <-host.Ended():
			stop()
		case <-ctx.Done():
		}
	}()
	err = answer(ctx, doors, d.log)
	d.notReady("it ends")
	if e := a.tellSystemd("STOPPING=1"); e != nil {
		d.log.Warn("the service manager was not told", "err", e)
	}
	return errors.Join(err, host.Err())
}

// keep asks the accounts for their devices, reads the configuration again when it is told to, and counts exposure.
func (d *daemon) keep(ctx context.Context, hup <-chan os.Signal, host *live.Host, meter *meter) {
	look, list := d.clock.NewTicker(exposureEvery), d.clock.NewTicker(listEvery)
	defer look.Stop()
	defer list.Stop()
	d.list(ctx)
	debug.FreeOSMemory() // what opening the store and listing the devices took is not needed again
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			if err := d.reload(ctx); err != nil {
				d.log.Error("the configuration was not taken; the one before stays in force", "err", err)
				continue
			}
			d.log.Info("the configuration was read again", "path", d.path)
			d.list(ctx)
		case <-list.Chan():
			d.list(ctx)
		case x := <-d.renewals:
			err := d.renew(ctx, x.account)
			if err != nil {
				d.log.Warn("an account is signed in to and can't be used", "account", x.account, "err", err)
			}
			x.done <- err
		case <-look.Chan():
			meter.expose(ctx, host)
		}
	}
}

// list asks every account for its devices, and its vendor to post.
func (d *daemon) list(ctx context.Context) {
	for _, id := range slices.Sorted(maps.Keys(*d.accounts.Load())) {
		err := d.listOne(ctx, id)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			d.log.Warn("an account could not be kept up", "account", id, "err", err)
		}
	}
	if d.waiting {
		if err := d.decide(ctx, d.conf); err != nil && ctx.Err() == nil {
			d.log.Error("policies could not be told", "err", err)
		}
	}
}

// listOne asks one of them.
func (d *daemon) listOne(ctx context.Context, id lock.AccountID) error {
	ctx, cancel := context.WithTimeout(ctx, askAccount)
	defer cancel()
	v := d.account(id).Driver
	n, err := d.roster.Sync(ctx, id, v)
	if n > 0 {
		d.log.Info("devices were put under management", "account", id, "devices", n)
	}
	if err != nil {
		return err
	}
	return d.subscribe(ctx, id, v)
}

func (d *daemon) subscribe(ctx context.Context, id lock.AccountID, v driver.Driver) error {
	s, ok := v.(driver.Subscriber)
	if !ok || d.conf.Webhooks.URL == "" {
		return nil
	}
	return s.Subscribe(ctx, d.conf.Webhooks.URL+d.hook(id))
}

// account finds an account for the host.
func (d *daemon) account(id lock.AccountID) live.Account { return (*d.accounts.Load())[id] }

// hook is where the vendor of an account posts; "": nowhere.
func (d *daemon) hook(id lock.AccountID) string { return (*d.hooks.Load())[id] }

// notice takes what a simulated cloud pushes.
func (d *daemon) notice(n driver.Notice) {
	h := d.host.Load()
	if h == nil {
		return // nobody listens yet, and every lock is looked at before anything is done to it
	}
	if err := h.Notify(n); err != nil {
		d.log.Debug("a hint was not taken", "account", n.Account, "device", n.Device, "err", err)
	}
}

func (d *daemon) logTo(conf config.Log) {
	d.level.Set(conf.Level)
	o := &slog.HandlerOptions{Level: d.level}
	if conf.JSON {
		d.log = slog.New(slog.NewJSONHandler(d.app.io.err, o))
	} else {
		d.log = slog.New(slog.NewTextHandler(d.app.io.err, o))
	}
}

func (d *daemon) notReady(why string) { d.ready.Store(&why) }

func (d *daemon) closeDrivers() error {
	var err error
	for _, v := range d.opened {
		err = errors.Join(err, v.Close())
	}
	return errors.Join(err, d.sim.close())
}

// openLive opens the store of real accounts.
func (a *app) openLive(dir string, conf config.Store, log *slog.Logger) (*badgerkv.Store, error) {
	o := badgerkv.Options{Dir: cmp.Or(conf.Dir, filepath.Join(dir, "live")), Sync: true, Logger: log}
	if !conf.Plain {
		path := cmp.Or(conf.KeyFile, o.Dir+".key")
		if holdsFiles(o.Dir) {
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) { // a new key would not open it
				return nil, fmt.Errorf("key file %s is missing, and the store in %s can't be read without it: put it back, or move the directory away and restore the last backup, which needs none", path, o.Dir)
			}
		}
		key, err := badgerkv.KeyFile(path)
		if err != nil {
			return nil, err
		}
		o.Key = key
	}
	return badgerkv.Open(o)
}

// holdsFiles reports whether a folder is there and not empty.
func holdsFiles(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

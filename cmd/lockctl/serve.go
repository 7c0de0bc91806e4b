package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/sim/lab"
	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/world"
)

const (
	drain     = 10 * time.Second // what requests under way get when the program is told to end
	maxHeader = 64 << 10

	longestSocket = 107 // bytes of a path that a socket can have, without the zero at its end
)

// serve hosts the accounts of the configuration, or a simulation, and answers on HTTP until it is told to end.
func serve(a *app, args []string) (err error) {
	if !a.on("sim") {
		if len(args) > 0 {
			return badInput("serve: a scenario such as %s is served with --sim, a configuration with --config", args[0])
		}
		return serveLive(a)
	}
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(a.io.err, nil))
	w, s, err := a.simulation(dir, args, log)
	if err != nil {
		return err
	}
	play := world.Start(w, clockwork.NewRealClock(), 1)
	defer func() { err = errors.Join(err, play.Close(), s.Close()) }()
	if err := a.setPace(play.Lab()); err != nil {
		return err
	}
	front, err := a.openFront(a.ctx, play, play.Lab(), s, api.Workspace{ID: "simulation", Name: "Simulation"}, a.on("unlimited"), log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, front.close()) }()
	socket := a.socket(dir)
	local, err := listenSocket(socket)
	if err != nil {
		return err
	}
	well := healthOf(play)
	doors := []door{{local, beside(well, front.server.Local())}}
	fmt.Fprintf(a.io.out, "listening on %s\n", socket)
	if addr := a.text("listen"); addr != "" {
		tcp, err := listenTCP(addr, a.text("tls-cert"), a.text("tls-key"))
		if err != nil {
			return errors.Join(err, local.Close())
		}
		doors = append(doors, door{tcp, beside(well, front.server.Keyed())})
		fmt.Fprintf(a.io.out, "listening on %s\n", tcp.Addr())
	}
	return answer(a.ctx, doors, log)
}

// setPace sets the pace that the command line asks for; left out, a world goes on as it was.
func (a *app) setPace(l lab.Lab) error {
	if !a.verb.Flags().Changed("rate") {
		return nil
	}
	rate, err := a.verb.Flags().GetInt("rate")
	if err != nil {
		return err
	}
	if err := l.Pause(a.ctx, rate == 0); err != nil || rate == 0 {
		return err
	}
	if err := l.Rate(a.ctx, rate); err != nil {
		return inputError{err}
	}
	return nil
}

// front is what answers programs, and posts to them.
type front struct {
	server *api.Server
	stop   context.CancelFunc
	posts  chan error
}

// openFront puts an API before a host, with the keys and webhooks of its store.
func (a *app) openFront(ctx context.Context, h engine.Host, l lab.Lab, s store.Store, space api.Workspace, unlimited bool, log *slog.Logger) (*front, error) {
	keys, err := api.OpenKeys(ctx, s)
	if err != nil {
		return nil, err
	}
	clock := clockwork.NewRealClock()
	server, err := api.New(ctx, api.Options{
		Host: h, Lab: l, Keys: keys, Records: s, Clock: clock, Workspace: space, Unlimited: unlimited, Log: log, Random: rand.Reader,
	})
	if err != nil {
		return nil, err
	}
	f := &front{server: server, posts: make(chan error, 1)}
	ctx, f.stop = context.WithCancel(ctx)
	go func() { f.posts <- api.NewDeliverer(server, &http.Client{}, clock).Run(ctx) }()
	return f, nil
}

// close ends the posting.
func (f *front) close() error {
	f.stop()
	return <-f.posts
}

// simulation opens the world that is served: the one of a scenario, in memory, or the demonstration's, which is kept.
func (a *app) simulation(dir string, args []string, log *slog.Logger) (*world.World, store.Store, error) {
	if len(args) > 0 {
		file, err := scenario.Load(args[0])
		if err != nil {
			return nil, nil, inputError{err}
		}
		s := memkv.New()
		w, err := scenario.Stage(a.ctx, file, s, nil)
		return w, s, err
	}
	key, err := badgerkv.KeyFile(filepath.Join(dir, "simulation.key"))
	if err != nil {
		return nil, nil, err
	}
	s, err := badgerkv.Open(badgerkv.Options{Dir: filepath.Join(dir, "simulation"), Key: key, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	o := world.Demo(demoSeed)
	o.Store = s
	w, err := world.New(a.ctx, o)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return w, s, nil
}

// socket is where a daemon of this data folder listens for its owner.
func (a *app) socket(dir string) string { return filepath.Join(dir, "lockctl.sock") }

// listenSocket listens where nobody but the owner can connect. A socket that a killed daemon left behind is taken over.
func listenSocket(path string) (net.Listener, error) {
	if len(path) > longestSocket {
		return nil, refused("%s: the path of a socket has at most %d bytes: set XDG_DATA_HOME to a folder with a shorter name", path, longestSocket)
	}
	if c, err := net.Dial("unix", path); err == nil {
		return nil, errors.Join(fmt.Errorf("another lockctl serve listens on %s", path), c.Close())
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil { // its folder lets nobody else in, not even before this
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// listenTCP listens for clients with keys. Off this machine they are not to cross the network in the open.
func listenTCP(addr, cert, key string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, badInput("listen: %q is no address such as 127.0.0.1:3020", addr)
	}
	switch {
	case (cert == "") != (key == ""):
		return nil, badInput("tls-cert and tls-key go together")
	case cert == "" && !config.Loopback(addr):
		return nil, badInput("listen: beyond this machine keys need TLS: give --tls-cert and --tls-key, or listen on 127.0.0.1")
	}
	var conf *tls.Config
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, badInput("tls-cert: %w", err)
		}
		conf = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, badInput("listen: %w", err)
	}
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	return l, nil
}

// door is a listener and who answers there.
type door struct {
	net.Listener
	http.Handler
}

// answer serves every door until ctx ends, then lets requests under way finish.
func answer(ctx context.Context, doors []door, log *slog.Logger) error {
	ended := make(chan error, len(doors))
	var servers []*http.Server
	for _, d := range doors {
		s := &http.Server{
			Handler: d.Handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		}
		servers = append(servers, s)
		go func() { ended <- s.Serve(d.Listener) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	last, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	for _, s := range servers {
		cut := s.Shutdown(last)
		if errors.Is(cut, context.DeadlineExceeded) {
			log.Warn("requests that took too long were cut off", "after", drain)
			cut = s.Close()
		}
		err = errors.Join(err, cut)
	}
	return err
}

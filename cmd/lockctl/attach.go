package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/tui"
)

// attach opens the terminal interface on the engine of a daemon: the one of this data folder, or one elsewhere with a key.
func attach(a *app, _ []string) error {
	if err := a.needsTerminal(); err != nil {
		return err
	}
	host, err := a.dial(clockwork.NewRealClock())
	if err != nil {
		return err
	}
	return a.attachTo(host)
}

func (a *app) attachTo(host *api.Client) error {
	lab, err := host.Lab(a.ctx)
	if err != nil {
		return err
	}
	hint, focus := a.advice(host)
	return a.face(tui.Options{Host: host, Lab: lab, Clock: clockwork.NewRealClock(), Hint: hint, Focus: focus})
}

// dial connects to a daemon, which must answer.
func (a *app) dial(clock clockwork.Clock) (*api.Client, error) {
	c, err := a.client(clock)
	if err != nil {
		return nil, err
	}
	_, err = c.Snapshot(a.ctx, engine.Query{View: engine.ViewFleet, Limit: 1})
	if unheard(err) {
		return nil, a.noDaemon()
	}
	return c, err
}

// client is for the daemon of this data folder, or for the one elsewhere that was named; it asks nothing yet.
func (a *app) client(clock clockwork.Clock) (*api.Client, error) {
	to, keyFile := a.text("to"), a.text("key-file")
	if to == "" {
		dir, err := a.dataDir()
		if err != nil {
			return nil, err
		}
		return api.NewClient("http://lockctl", "", overSocket(a.socket(dir)), clock), nil
	}
	if keyFile == "" {
		return nil, badInput("to: needs --key-file too")
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, badInput("key-file: %w", err)
	}
	return api.NewClient(strings.TrimSuffix(to, "/"), strings.TrimSpace(string(key)), &http.Client{}, clock), nil
}

// overSocket is a client that finds everything behind one socket.
func overSocket(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
}

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"

	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
)

// pathSignedIn is where the daemon is told that somebody has signed in to an account.
const pathSignedIn = "/v1/accounts/signed-in"

// maxAnswer bounds what a person answers, in bytes.
const maxAnswer = 4 << 10

// environmentOf is what the driver of an account is given of the world.
func (a *app) environmentOf(id lock.AccountID, now func() time.Time, log *slog.Logger) (provider.Env, error) {
	tokens, err := a.tokens(id)
	return provider.Env{HTTP: &http.Client{}, Now: now, Rand: rand.Reader, Secrets: tokens, Log: log}, err
}

// accountsLogin signs in to an account of the configuration, and has the daemon use it if one runs.
func accountsLogin(a *app, args []string) error {
	path, err := a.configFile()
	if err != nil {
		return err
	}
	conf, err := a.configuration(path, a.registry())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(conf.Accounts, func(c config.Account) bool { return string(c.ID) == args[0] })
	if i < 0 {
		return misnamed("account", args[0], nil, conf.Accounts, func(c config.Account) string { return string(c.ID) })
	}
	c := conf.Accounts[i]
	p, _ := a.registry().Find(c.Provider) // it was found when the file was read
	if p.SignIn == nil {
		return badInput("account %s: %s needs no sign-in, its settings are enough; lockctl providers check %s tries them", c.ID, p.Name, c.ID)
	}
	login, err := a.login(c)
	if err != nil {
		return err
	}
	env, err := a.environmentOf(c.ID, time.Now, slog.New(slog.NewTextHandler(a.io.err, nil)))
	if err != nil {
		return err
	}
	env.HTTP.Timeout = askAccount
	if err := p.SignIn(a.ctx, env, login, a.asker()); err != nil {
		return refused("account %s: not signed in: %w", c.ID, err)
	}
	return a.tellSignedIn(c.ID)
}

// tellSignedIn has the daemon use the new token.
func (a *app) tellSignedIn(id lock.AccountID) error {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	client := overSocket(a.socket(dir))
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(a.ctx, http.MethodPost, "http://lockctl"+pathSignedIn+"?account="+url.QueryEscape(string(id)), nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	switch {
	case unheard(err):
		a.say("signed in to %s; lockctl serve uses it from its start", id)
		return nil
	case err != nil:
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refused("signed in to %s, but the daemon that runs can't use it: %s", id, strings.TrimSpace(string(text)))
	}
	a.say("signed in to %s, and the daemon uses it", id)
	return nil
}

// asker puts questions to whoever is at the terminal, or reads the answers line by line from a pipe.
func (a *app) asker() provider.Ask {
	lines := bufio.NewReader(a.io.in)
	return func(ctx context.Context, q provider.Question) (string, error) {
		if q.URL != "" {
			fmt.Fprintf(a.io.err, "Open %s\n", clean(q.URL))
		}
		prompt := clean(q.Text) + ": "
		if in, ok := a.io.in.(*os.File); ok && q.Secret && term.IsTerminal(in.Fd()) {
			return unseen(ctx, in, a.io.err, prompt)
		}
		fmt.Fprint(a.io.err, prompt)
		return answered(ctx, func() (string, error) {
			line, err := lines.ReadString('\n')
			if err == io.EOF && line == "" {
				return "", errors.New("nobody is there to answer")
			}
			if err == io.EOF {
				err = nil
			}
			return line, err
		})
	}
}

// unseen reads an answer that the terminal doesn't show, from the prompt on: who types as soon as it stands there must not be seen either.
// However it ends, the terminal shows again what is typed.
func unseen(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	before, err := term.GetState(in.Fd())
	if err != nil {
		return "", err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := term.SetState(in.Fd(), &hidden); err != nil {
		return "", err
	}
	fmt.Fprint(out, prompt)
	text, err := answered(ctx, func() (string, error) {
		text, err := term.ReadPassword(in.Fd())
		return string(text), err
	})
	fmt.Fprintln(out)
	return text, errors.Join(err, term.Restore(in.Fd(), before))
}

// answered waits for an answer or for the end of ctx; a read of a terminal can't be ended, so its goroutine is left to the program's end.
func answered(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case x := <-got:
		if len(x.text) > maxAnswer {
			return "", badInput("the answer is longer than %d bytes", maxAnswer)
		}
		return strings.TrimSpace(x.text), x.err
	}
}

// renewal asks the owner of a daemon's accounts to use the new token of one.
type renewal struct {
	account lock.AccountID
	done    chan<- error
}

// signedIn takes the word that somebody has signed in to an account.
func (d *daemon) signedIn() map[string]http.Handler {
	return map[string]http.Handler{pathSignedIn: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "POST says that somebody has signed in", http.StatusMethodNotAllowed)
			return
		}
		done := make(chan error, 1)
		select {
		case d.renewals <- renewal{lock.AccountID(r.URL.Query().Get("account")), done}:
		case <-r.Context().Done():
			return
		}
		select {
		case <-r.Context().Done():
		case err := <-done:
			if err != nil {
				http.Error(w, err.Error(), http.StatusConflict)
				return
			}
			say(w, "ok\n")
		}
	})}
}

// renew opens an account again, so that it works with the token that was saved last, and has its devices looked at.
func (d *daemon) renew(ctx context.Context, id lock.AccountID) error {
	i := slices.IndexFunc(d.conf.Accounts, func(c config.Account) bool { return c.ID == id })
	if i < 0 {
		return fmt.Errorf("account %q is not in the configuration that it runs with; SIGHUP has it read again", id)
	}
	v, err := d.driver(d.conf.Accounts[i].Provider, d.logins[id])
	if err != nil {
		return err
	}
	all := maps.Clone(*d.accounts.Load())
	x := all[id]
	x.Driver = v
	all[id] = x
	d.accounts.Store(&all)
	if err := d.listOne(ctx, id); err != nil {
		return err
	}
	return d.host.Load().Notify(driver.Notice{Account: id})
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/spf13/cobra"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/drive"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/wire"
)

const (
	maxPosts   = 1000             // webhooks that may wait to be sent; what is beyond is lost, as a vendor's may be
	postWithin = 10 * time.Second // the receiver of a webhook has to answer
)

// server is one call of locksim serve.
type server struct {
	io      stdio
	vendors []string
	host    string
	port    int
	locks   int
	cert    string
	key     string
	into    string
}

func serveCommand(io stdio) *cobra.Command {
	s := server{io: io}
	c := &cobra.Command{
		Use: "serve", Short: "answer as the vendors' clouds do, with simulated locks behind", Args: cobra.NoArgs,
		Long: "Answers with the protocols of lock vendors, each on a port of its own, so that drivers and other people's software can be tried\n" +
			"without a vendor. The locks run on this machine's clock and forget everything at the end, but logins that were\n" +
			"renewed meanwhile go on after the next start. The first port takes no vendor's requests:\n" +
			"there faults are placed, PINs typed, locks changed by hand, vendors given other habits and their time steered (GET /locks, POST /type,\n" +
			"/faults, /edit, /habits, /clock).\n\n" +
			"It prints the accounts as lockctl.toml has them, and their secrets as a shell takes them. With --into they are written into a folder\n" +
			"instead, in which lockctl then keeps what it has too, and the command is printed that comes next.",
		RunE: func(c *cobra.Command, _ []string) error { return s.serve(c.Context()) },
	}
	f := c.Flags()
	f.StringSliceVar(&s.vendors, "vendor", []string{every}, "vendors to answer for: "+list(vendorNames()))
	f.StringVar(&s.host, "host", "127.0.0.1", "address to listen on")
	f.IntVar(&s.port, "port", 8700, "the first port; the vendors' follow; 0: any that are free")
	f.IntVar(&s.locks, "locks", 3, "locks of each vendor")
	f.StringVar(&s.cert, "tls-cert", "", "certificate, to answer with TLS")
	f.StringVar(&s.key, "tls-key", "", "its key")
	f.StringVar(&s.into, "into", "", "folder for lockctl's configuration and the accounts' secrets; left out: they are printed")
	_ = c.RegisterFlagCompletionFunc("vendor", cobra.FixedCompletions(vendorNames(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// served is one vendor's cloud on its port.
type served struct {
	wire.Vendor
	account lock.AccountID
	cloud   facade.Cloud
	zone    string // of its locks
}

// accountOf is what a vendor's only account is called.
func accountOf(vendor string) lock.AccountID { return lock.AccountID("sim-" + vendor) }

func (s *server) serve(ctx context.Context) error {
	var all []*served
	spec := sim.Spec{}
	vendors, err := vendorsOf(s.vendors)
	if err != nil {
		return fmt.Errorf("vendor: %w", err)
	}
	for _, v := range vendors {
		name := v.Name
		if v.Most > 0 && s.locks > v.Most {
			return fmt.Errorf("locks: an account of %s has at most %d", name, v.Most)
		}
		x := &served{Vendor: v, account: accountOf(name)}
		all = append(all, x)
		for i := range s.locks {
			spec.Locks = append(spec.Locks, sim.LockSpec{
				ID: lock.DeviceID(fmt.Sprintf("%s-%d", name, i+1)), Name: fmt.Sprintf("%s door %d", name, i+1), Model: v.Model, Account: x.account,
				Hub: lock.HubID(name + "-hub"),
			})
		}
	}
	if s.locks < 1 || s.locks > 1000 {
		return errors.New("locks: must lie between 1 and 1000")
	}
	posts := make(chan parcel, maxPosts)
	fleet, err := drive.Start(ctx, drive.Options{Spec: spec, Seed: 1, Clock: clockwork.NewRealClock(), Notice: func(n driver.Notice) {
		for _, x := range all {
			if x.account == n.Account && x.cloud != nil {
				push(posts, x.cloud, n.Device)
			}
		}
	}})
	if err != nil {
		return brokenError{err}
	}
	err = fleet.Do(ctx, func(f *sim.Fleet) (err error) {
		for _, d := range f.Devices() {
			i := slices.IndexFunc(all, func(x *served) bool { return x.account == d.Account })
			all[i].zone = d.Traits.Zone
		}
		for _, x := range all {
			if x.cloud, err = x.Open(f, x.account); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.answer(ctx, fleet, all, posts)
	}
	return errors.Join(err, fleet.Close())
}

// parcel is a webhook on its way.
type parcel struct {
	facade.Post
	from  facade.Cloud
	about lock.DeviceID
}

// push hands the webhooks about a lock to their sender, which may be behind.
func push(to chan<- parcel, from facade.Cloud, about lock.DeviceID) {
	for _, p := range from.Push(about) {
		select {
		case to <- parcel{p, from, about}:
		default:
		}
	}
}

// answer listens until ctx ends.
func (s *server) answer(ctx context.Context, fleet *drive.Fleet, all []*served, posts <-chan parcel) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(all)+1)
	var running []*http.Server
	open := func(i int, h http.Handler) (string, error) {
		port := s.port
		if port != 0 {
			port += i
		}
		l, err := net.Listen("tcp", net.JoinHostPort(s.host, fmt.Sprint(port)))
		if err != nil {
			return "", fmt.Errorf("port: %w", err)
		}
		scheme := "http://"
		if s.cert != "" || s.key != "" {
			pair, err := tls.LoadX509KeyPair(s.cert, s.key)
			if err != nil {
				return "", errors.Join(fmt.Errorf("tls-cert: %w", err), l.Close())
			}
			scheme, l = "https://", tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}})
		}
		server := &http.Server{Handler: h, ReadHeaderTimeout: postWithin}
		running = append(running, server)
		go func() { ended <- server.Serve(l) }()
		return scheme + l.Addr().String(), nil
	}
	defer func() {
		for _, x := range running {
			_ = x.Close() // whoever is still being answered is cut off
		}
	}()
	clouds := map[lock.AccountID]facade.Served{}
	for _, x := range all {
		clouds[x.account] = facade.Served{Vendor: x.Name, Cloud: x.cloud}
	}
	control, err := open(0, facade.Control(fleet, fleet, clouds))
	if err != nil {
		return err
	}
	var use accounts
	for i, x := range all {
		at, err := open(i+1, facade.Handler(fleet, x.cloud))
		if err != nil {
			return err
		}
		use.add(x, at, x.zone)
	}
	if err := s.tell(&use, control, s.port+len(all)+1); err != nil {
		return err
	}
	go send(ctx, fleet, posts, s.io)
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return brokenError{err}
	}
}

// tell says what answers, and how lockctl comes to use it. hooks is the port at which it may take webhooks.
func (s *server) tell(use *accounts, control string, hooks int) error {
	fmt.Fprintf(s.io.out, "# faults, keypads and hands: %s\n", control)
	if s.into == "" {
		fmt.Fprint(s.io.out, use.toml.String(), "\n")
		for line := range strings.Lines(use.secrets.String()) {
			fmt.Fprint(s.io.out, "# ", line)
		}
	} else {
		at := "" // with ports that nobody chose there is none to choose for webhooks
		if s.port != 0 {
			at = net.JoinHostPort(s.host, fmt.Sprint(hooks))
		}
		env, err := use.into(s.into, at)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.io.out, "# next, in a terminal of its own: . %s && lockctl serve\n", quoted(env))
	}
	fmt.Fprintln(s.io.out, "\n# all of them answer")
	return nil
}

// send posts webhooks, one after the other. Each is tried once, unless its cloud looks at the answer and hands it in again.
func send(ctx context.Context, fleet *drive.Fleet, posts <-chan parcel, io stdio) {
	client := &http.Client{Timeout: postWithin}
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-posts:
			said, err := facade.Send(ctx, client, p.Post)
			if err != nil {
				fmt.Fprintf(io.err, "locksim: a webhook was not taken: %v\n", err)
			}
			if a, ok := p.from.(facade.Answered); ok {
				_ = fleet.Do(ctx, func(*sim.Fleet) error { a.Answer(p.about, p.Post, said); return nil }) // ctx has ended
			}
		}
	}
}

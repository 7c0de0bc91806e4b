package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/accesscodes/lockctl/api"
	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// accountRow is a login at a provider.
type accountRow struct {
	ID       lock.AccountID `json:"connected_account_id"`
	Provider string         `json:"provider"` // "": the configuration does not have it
	Systems  []string       `json:"systems"`
	Devices  int            `json:"devices"`
	Offline  int            `json:"devices_offline"`
	Issues   int            `json:"issues"`
	SignIn   string         `json:"sign_in"`  // needed, done, refused; "": nobody needs to, or it is not configured here
	Protocol string         `json:"protocol"` // community; "": its vendor publishes it, or it is not configured here
}

// accountsList prints the accounts of the configuration and those that devices hang on.
func accountsList(s *talk, _ []string) error {
	rows, err := s.accounts()
	if err != nil {
		return err
	}
	return list(s.app, rows,
		column[accountRow]{name: "account", text: func(r accountRow) string { return string(r.ID) }},
		column[accountRow]{name: "provider", text: func(r accountRow) string { return r.Provider }},
		column[accountRow]{name: "systems", text: func(r accountRow) string { return strings.Join(r.Systems, ", ") }},
		column[accountRow]{name: "devices", text: func(r accountRow) string { return strconv.Itoa(r.Devices) }},
		column[accountRow]{name: "offline", text: func(r accountRow) string { return strconv.Itoa(r.Offline) }},
		column[accountRow]{name: "issues", text: func(r accountRow) string { return strconv.Itoa(r.Issues) }},
		column[accountRow]{name: "sign-in", text: func(r accountRow) string { return r.SignIn }},
		column[accountRow]{name: "protocol", text: func(r accountRow) string { return r.Protocol }})
}

func (s *talk) accounts() ([]accountRow, error) {
	rows := []accountRow{}
	here, err := s.isConfigured()
	if err != nil {
		return nil, err
	}
	if here {
		path, err := s.configFile()
		if err != nil {
			return nil, err
		}
		conf, err := s.configuration(path, s.registry())
		if err != nil {
			return nil, err
		}
		for _, c := range conf.Accounts {
			done, err := s.signedIn(c)
			if err != nil {
				return nil, err
			}
			row := accountRow{ID: c.ID, Provider: c.Provider, Systems: []string{}, SignIn: done}
			if p, _ := s.registry().Find(c.Provider); p.Community != nil && p.Community(c.Texts) {
				row.Protocol = byCommunity
			}
			rows = append(rows, row)
		}
	}
	err = s.pages(engine.Query{View: engine.ViewFleet}, func(page engine.Snapshot) error {
		for _, d := range page.Devices {
			i := slices.IndexFunc(rows, func(r accountRow) bool { return r.ID == d.Account })
			if i < 0 {
				i = len(rows)
				rows = append(rows, accountRow{ID: d.Account, Systems: []string{}})
			}
			r := &rows[i]
			r.Devices++
			r.Issues += d.Issues
			if d.Link != lock.Reached && d.Link != lock.ReachUnknown {
				r.Offline++
			}
			switch {
			case r.SignIn == signInNeeded && d.Link != lock.ReachUnknown && d.Link != lock.AccountDown:
				r.SignIn = "" // its settings were enough: the vendor tells of its locks
			case d.Worst == "account_disconnected" && s.signsIn(r.Provider):
				r.SignIn = signInNeeded // the vendor takes the token no more
			case d.Worst == "account_disconnected":
				r.SignIn = signInRefused
			}
			if d.System != "" && !slices.Contains(r.Systems, d.System) {
				r.Systems = append(r.Systems, d.System)
			}
		}
		return nil
	})
	for i := range rows {
		slices.Sort(rows[i].Systems)
	}
	return rows, err
}

// byCommunity is what is said of a protocol that its vendor does not publish.
const byCommunity = "community"

// signInNeeded is what is said of an account that somebody has to sign in to.
const signInNeeded = "needed"

// signInRefused is what is said of an account whose settings its vendor does not take.
const signInRefused = "refused"

// signsIn reports whether somebody can sign in to an account of a provider.
func (a *app) signsIn(name string) bool {
	p, _ := a.registry().Find(name)
	return p.SignIn != nil
}

// enough reports whether an account works without anybody signing in, as far as its settings tell.
func (a *app) enough(c config.Account) bool {
	p, _ := a.registry().Find(c.Provider)
	return slices.ContainsFunc(p.Settings, func(s provider.Setting) bool {
		_, secret := c.Secrets[s.Name]
		return s.Enough && (secret || c.Texts[s.Name] != "")
	})
}

// signedIn says whether somebody has signed in to an account; "": nobody needs to.
func (a *app) signedIn(c config.Account) (string, error) {
	if !a.signsIn(c.Provider) {
		return "", nil
	}
	tokens, err := a.tokens(c.ID)
	if err != nil {
		return "", err
	}
	_, rev, err := tokens.Load(a.ctx)
	switch {
	case rev == 0 && a.enough(c):
		return "", err
	case rev == 0:
		return signInNeeded, err
	}
	return "done", err
}

// isConfigured reports whether the engine has the accounts of the configuration here: it is not elsewhere, and no simulation.
func (s *talk) isConfigured() (bool, error) {
	if s.text("to") != "" {
		return false, nil
	}
	c, running := s.Host.(*api.Client)
	if !running {
		return true, nil
	}
	l, err := c.Lab(s.ctx)
	return l == nil, err
}

// accountShown is one account by itself.
type accountShown struct {
	accountRow
	PostsAt string `json:"posts_at"` // where its vendor is to post, if an operator has to tell it
}

// accountsShow prints one account with its devices.
func accountsShow(s *talk, args []string) error {
	rows, err := s.accounts()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(r accountRow) bool { return string(r.ID) == args[0] })
	if i < 0 {
		return misnamed("account", args[0], nil, rows, func(r accountRow) string { return string(r.ID) })
	}
	r := accountShown{accountRow: rows[i]}
	if here, err := s.isConfigured(); err != nil {
		return err
	} else if here {
		if r.PostsAt, err = s.postsAt(r.ID); err != nil {
			return err
		}
	}
	signIn := r.SignIn
	switch signIn {
	case signInNeeded:
		signIn += "; lockctl accounts login " + string(r.ID)
	case signInRefused:
		signIn += "; put its settings right: lockctl providers check " + string(r.ID) + " tries them"
	}
	return show(s.app, r, func() {
		facts := []fact{{name: "account", value: string(r.ID)}, {name: "provider", value: r.Provider}, {name: "sign-in", value: signIn}, {name: "systems", value: strings.Join(r.Systems, ", ")},
			{name: "devices", value: strconv.Itoa(r.Devices) + ", " + strconv.Itoa(r.Offline) + " out of reach"},
			{name: "issues", value: strconv.Itoa(r.Issues) + "; lockctl devices list --account " + string(r.ID)}}
		if r.Protocol == byCommunity {
			facts = append(facts, fact{name: "protocol", value: "documented by the community, not by the vendor: it may break any day, and using it may be against the vendor's terms"})
		}
		if r.PostsAt != "" {
			facts = append(facts, fact{name: "webhook", value: r.PostsAt + "; enter it at the vendor, and keep it to yourself"})
		}
		s.facts(facts...)
	})
}

// providerRow is a vendor, as accounts can name it.
type providerRow struct {
	Name     string   `json:"provider"`
	About    string   `json:"about"`
	Settings []string `json:"settings"`
}

// providersList prints what an account of the configuration can be.
func providersList(a *app, _ []string) error {
	var rows []providerRow
	for _, p := range a.registry() {
		rows = append(rows, providerRow{p.Name, p.About, settingNames(p)})
	}
	return list(a, rows,
		column[providerRow]{name: "provider", text: func(r providerRow) string { return r.Name }},
		column[providerRow]{name: "what", text: func(r providerRow) string { return r.About }},
		column[providerRow]{name: "settings", text: func(r providerRow) string { return strings.Join(r.Settings, ", ") }})
}

func settingNames(p provider.Provider) []string {
	names := []string{}
	for _, x := range p.Settings {
		names = append(names, x.Name)
	}
	return names
}

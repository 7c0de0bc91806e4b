package api

import (
	"net/http"
	"slices"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// account is a login at a provider as the API shows it.
type account struct {
	ID        lock.AccountID `json:"connected_account_id"`
	Workspace string         `json:"workspace_id"`
	Type      string         `json:"account_type"`
	System    string         `json:"account_type_display_name"`
	Name      string         `json:"display_name"`
	Accepts   []string       `json:"accepted_capabilities"`
	Auto      bool           `json:"automatically_manage_new_devices"`
	Errors    []trouble      `json:"errors"`
	Warnings  []trouble      `json:"warnings"`
	Metadata  map[string]any `json:"custom_metadata"`
}

// accounts lists the accounts that devices hang on, in the order of ids.
func (c *call) accounts() ([]account, error) {
	all := map[lock.AccountID]account{}
	q := engine.Query{View: engine.ViewFleet, Limit: maxPage}
	for {
		s, err := c.snapshot(q)
		if err != nil {
			return nil, err
		}
		for i := range s.Devices {
			v := &s.Devices[i]
			if _, known := all[v.Account]; known {
				continue
			}
			h := hostedNames(v.System)
			a := account{
				ID: v.Account, Workspace: c.space.ID, Type: h.provider, System: h.name, Name: string(v.Account), Accepts: []string{"lock"}, Auto: true, Metadata: map[string]any{},
			}
			one, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: v.ID})
			if err != nil {
				return nil, err
			}
			errors, _ := troubles(v.ID, one.Device.Issues)
			a.Errors = slices.DeleteFunc(errors, func(t trouble) bool { return !t.OfAccount })
			a.Warnings = []trouble{}
			all[v.Account] = a
		}
		if q.After = s.Next; q.After == "" {
			break
		}
	}
	list := make([]account, 0, len(all))
	for _, a := range all {
		list = append(list, a)
	}
	return list, nil
}

type getAccount struct {
	ID lock.AccountID `json:"connected_account_id" need:"true" doc:"the account"`
}

func accountsGet(c *call, p getAccount) (reply, error) {
	all, err := c.accounts()
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.ID == p.ID {
			return reply{"connected_account": a}, nil
		}
	}
	return nil, problem(http.StatusNotFound, "connected_account_not_found", "no account "+clip(string(p.ID)))
}

type listAccounts struct {
	Search *string `json:"search" doc:"part of an id"`
	Page
}

func accountsList(c *call, p listAccounts) (reply, error) {
	all, err := c.accounts()
	if err != nil {
		return nil, err
	}
	page, next, err := paginate(c, p.Page, all, func(a account) string { return string(a.ID) }, func(a account) bool {
		return p.Search == nil || contains(string(a.ID), *p.Search)
	})
	return reply{"connected_accounts": page, "pagination": next}, err
}

// workspace is this installation as the API shows it.
type workspace struct {
	ID      string `json:"workspace_id"`
	Name    string `json:"name"`
	Company string `json:"company_name"`
	Partner maybe  `json:"connect_partner_name"`
	Sandbox bool   `json:"is_sandbox"` // a simulation

	// What the hosted API's workspaces have besides, and an installation never has.
	Looks        struct{} `json:"connect_webview_customization"`
	Suspended    bool     `json:"is_suspended"`
	PublicKeys   bool     `json:"is_publishable_key_auth_enabled"`
	Organization maybe    `json:"organization_id"`
}

func (c *call) workspace() workspace {
	return workspace{ID: c.space.ID, Name: c.space.Name, Company: c.space.Name, Sandbox: c.lab != nil}
}

func workspaceGet(c *call, _ struct{}) (reply, error) { return reply{"workspace": c.workspace()}, nil }

func workspaceList(c *call, _ struct{}) (reply, error) {
	return reply{"workspaces": []workspace{c.workspace()}}, nil
}

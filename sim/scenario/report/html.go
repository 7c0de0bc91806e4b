package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/accesscodes/lockctl/sim/scenario"
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

//go:embed page/page.js
var pageJS string

// HTML writes a page that stands on its own: every scenario with its timeline, the failing ones open.
func HTML(w io.Writer, items []Item) error {
	type trouble struct{ Verdict, Text, Around string }
	type story struct {
		Verdict, Name, About, Path, Facts string
		Open                              bool
		Problems                          []trouble
		Chart                             template.JS
	}
	page := struct {
		Title, Summary string
		CSS            template.CSS
		JS             template.JS
		Items          []story
	}{Title: "Scenarios: " + total(items), Summary: total(items), CSS: template.CSS(pageCSS), JS: template.JS(pageJS)}
	for _, i := range items {
		s := story{Verdict: i.Verdict().String(), Name: i.Name(), Path: i.Path, Open: i.Verdict() != scenario.Pass || len(items) == 1}
		for _, p := range i.problems() {
			s.Problems = append(s.Problems, trouble{p.verdict.String(), p.String(), strings.Join(p.around, "\n")})
		}
		if r := i.Result; r != nil {
			s.About = r.File.About
			s.Facts = fmt.Sprintf("%s · %d events · seed %d · %s", Long(r.Span), r.Events, r.File.Seed, wall(i.Wall))
			chart, err := json.Marshal(chartOf(r))
			if err != nil {
				return err
			}
			s.Chart = template.JS(chart) // json.Marshal escapes what could end the script
		}
		page.Items = append(page.Items, s)
	}
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, page)
}

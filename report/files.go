package report

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// File is one file of a report, with its path under the report's folder.
type File struct {
	Path string
	Data []byte
}

// Figures renders every chart as SVG, PNG and CSV: figures/loss-tokens.svg is the view "tokens" of the chart "loss", figures/loss.csv
// its data. PNG files have 192 dots an inch.
func (p Page) Figures() ([]File, error) {
	var files []File
	for _, section := range p.Sections {
		for _, chart := range section.Charts {
			for i, view := range chart.Views {
				s := layOut(view.Plot, widthPage)
				picture, err := pngFile(s)
				if err != nil {
					return nil, err
				}
				name := filepath.Join("figures", chart.viewName(i))
				files = append(files, File{name + ".svg", svgFile(s, view.Plot.alt())}, File{name + ".png", picture})
			}
			files = append(files, File{filepath.Join("figures", slug(chart.ID)+".csv"), []byte(chart.Data.CSV())})
		}
	}
	return files, nil
}

// viewName is the chart's ID, with the view's name after it when there are several.
func (c Chart) viewName(i int) string {
	if len(c.Views) == 1 {
		return slug(c.ID)
	}
	return strings.TrimSuffix(slug(c.ID)+"-"+slug(c.Views[i].Name), "-")
}

// Write puts report.html into the folder and, with figures set, the folder figures beside it. report.html appears whole or not
// at all: a browser that reloads a running report never sees half of it.
func (p Page) Write(folder string, figures bool) (path string, err error) {
	content, err := p.HTML()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", failed(err)
	}
	if figures {
		files, err := p.Figures()
		if err != nil {
			return "", err
		}
		if err := os.MkdirAll(filepath.Join(folder, "figures"), 0o777); err != nil {
			return "", failed(err)
		}
		for _, file := range files {
			if err := replace(filepath.Join(folder, file.Path), file.Data); err != nil {
				return "", err
			}
		}
	}
	path = filepath.Join(folder, "report.html")
	return path, replace(path, content)
}

// replace writes a file beside its place and renames it there. The file beside it has a name of its own: a run that ends and a
// report that follows it write the same page at the same time.
func replace(path string, content []byte) error {
	temporary := fmt.Sprintf("%s.%08x.part", path, rand.Uint32())
	err := os.WriteFile(temporary, content, 0o666)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return failed(err)
	}
	return nil
}

// failed says what to do about a file that could not be written.
func failed(err error) error {
	return fmt.Errorf("report: write: %w; free some space, or name another folder", err)
}

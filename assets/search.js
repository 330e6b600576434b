// The page of results: sections, traps and terms that have the words of the query, best first.
{
  const { irregular } = searchIndex;
  const british = new RegExp(searchIndex.british);
  const MOST = 30;
  const ASKING = new Set("why how what which do does did i my you should must can take good best find implement mean".split(" "));

  const stemmed = (word) =>
    new Stemmer().stemWord((Object.hasOwn(irregular, word) ? irregular[word] : word).replace(british, "iz$1"));

  /** For each word of a query the stems of the index that it may mean, with how sure that is. */
  const meant = (word) => {
    const stem = stemmed(word);
    const known = Object.keys(searchIndex.stems);
    return known.flatMap((other) => {
      if (other === stem) return [[other, 1]];
      return stem.length > 2 && other.startsWith(stem) ? [[other, 0.5]] : [];
    });
  };

  /** Of a word that the index lacks the two that it may be, as of batchnorm; else the word. */
  const parted = (word) => {
    for (let at = meant(word).length ? word.length : 2; at < word.length - 1; at++) {
      const pair = [word.slice(0, at), word.slice(at)];
      if (pair.every((part) => Object.hasOwn(searchIndex.stems, stemmed(part)))) return pair;
    }
    return [word];
  };

  function search(query) {
    const parts = query.replace(/([a-z])(?=[A-Z][a-z])/g, "$1 ").toLowerCase();
    const typed = (parts.match(/[\p{L}\d]+(?:\.\d+)?/gu) ?? []).filter((word) => !stopwords.includes(word));
    const sought = typed.filter((word) => !ASKING.has(word));
    const words = (sought.length ? sought : typed).flatMap(parted);
    const scores = new Map();
    const n = searchIndex.entries.length;
    for (const word of words) {
      const best = new Map();
      for (const [stem, sure] of meant(word)) {
        const places = searchIndex.stems[stem];
        const rare = Math.log(1 + (2 * n) / places.length);
        for (let i = 0; i < places.length; i += 2) {
          best.set(places[i], Math.max(best.get(places[i]) ?? 0, sure * rare * places[i + 1]));
        }
      }
      for (const [place, score] of best) {
        const [sum, times] = scores.get(place) ?? [0, 0];
        scores.set(place, [sum + score, times + 1]);
      }
    }
    return [...scores]
      .map(([place, [sum, times]]) => {
        const entry = searchIndex.entries[place];
        const named = entry[0].toLowerCase() === query.trim().toLowerCase();
        return [entry, sum * (times / words.length) ** 2 * (named ? 2 : 1)];
      })
      .sort((a, b) => b[1] - a[1])
      .slice(0, MOST)
      .map(([entry]) => entry);
  }

  const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

  function show(query) {
    const found = search(query);
    const list = made("ul", "", { className: "search" });
    for (const [title, page, uri, snippet] of found) {
      const item = document.createElement("li");
      item.append(made("a", title, { href: uri }), made("span", title === page ? "" : ` ${page}`), made("p", snippet, { className: "context" }));
      list.append(item);
    }
    const said = found.length ? `${found.length === MOST ? "The first " : ""}${found.length} places` : "Nothing has these words";
    document.getElementById("search-results").replaceChildren(made("p", `${said} for “${query}”`, { className: "search-count" }), list);
  }

  const query = new URLSearchParams(location.search).get("q");
  for (const field of document.querySelectorAll("form.bd-search input[name=q]")) field.value = query ?? "";
  if (query?.trim()) show(query.trim());
}

"use strict";
/* Written without the characters that markup would have to escape. */
for (const map of document.querySelectorAll(".topic-map")) {
  const topics = JSON.parse(map.dataset.topics);
  const slider = map.querySelector("input");
  const told = map.querySelector("output");
  const heading = map.querySelector(".chosen");
  const list = map.querySelector(".words-of");
  const circles = [...map.querySelectorAll(".topic")];
  const mostWords = Number(map.dataset.words);
  let chosen = 0;
  const element = (name, className) => {
    const made = document.createElement(name);
    made.className = className;
    return made;
  };
  const draw = () => {
    const lambda = Number(slider.value);
    const topic = topics[chosen];
    told.textContent = lambda.toFixed(2);
    heading.textContent = topic.title;
    /* Sievert and Shirley 2014, equation 1. */
    const relevance = (word) => lambda * Math.log(word.p) + (1 - lambda) * Math.log(word.p / word.q);
    const words = [...topic.words].sort((a, b) => relevance(b) - relevance(a)).slice(0, mostWords);
    const most = Math.max(...words.map((word) => Math.max(word.q, word.p * topic.share)));
    list.replaceChildren(...words.map((word) => {
      const row = document.createElement("li");
      const name = element("span", "word");
      const track = element("span", "track");
      const all = element("span", "all");
      const own = element("span", "own");
      name.textContent = word.name;
      row.title = word.name + ": " + (100 * word.p).toPrecision(3) + " % of the topic, " + (100 * word.q).toPrecision(3) + " % of all words";
      all.style.width = 100 * word.q / most + "%";
      own.style.width = 100 * word.p * topic.share / most + "%";
      track.append(all, own);
      row.append(name, track);
      return row;
    }));
    circles.forEach((circle, k) => circle.classList.toggle("now", k === chosen));
  };
  circles.forEach((circle, k) => {
    const choose = () => {
      chosen = k;
      draw();
    };
    circle.addEventListener("click", choose);
    circle.addEventListener("focus", choose);
  });
  slider.addEventListener("input", draw);
  slider.disabled = false;
}

import { describe, expect, it } from "vitest";
import { fileName, folder, gallery, imageName, isImage } from "./loggedImages";

const ID = "0b5c6f2e-1f8a-4a59-9d1e-0a1b2c3d4e5f";

function stepped(key: string, step: number, timestamp: number, mark = "+"): string[] {
  const name = [
    "images/",
    key,
    mark,
    "step",
    mark,
    step,
    mark,
    "timestamp",
    mark,
    timestamp,
    mark,
    ID,
  ];
  return [`${name.join("")}.png`, `${name.join("")}${mark}compressed.webp`];
}

describe("images that were logged with a key", () => {
  it("are grouped by key and step, with their smaller copies", () => {
    const [late, lateSmall] = stepped("val~worst", 200, 1);
    const [early, earlySmall] = stepped("val~worst", 9, 3);
    const { stepped: found, single } = gallery([late, lateSmall, earlySmall, early].map(String));
    expect(single).toEqual([]);
    expect(found).toEqual([
      {
        key: "val/worst",
        steps: [
          { step: 9, images: [{ path: early, thumbnail: earlySmall }] },
          { step: 200, images: [{ path: late, thumbnail: lateSmall }] },
        ],
      },
    ]);
  });

  it("may be several at one step, in the order of their times", () => {
    const [second] = stepped("a b", 0, 20);
    const [first] = stepped("a b", 0, 10);
    const [group] = gallery([second, first].map(String)).stepped;
    expect(group?.steps[0]?.images.map(({ path }) => path)).toEqual([first, second]);
  });

  it("are recognised by the names of older clients, too", () => {
    const [whole, small] = stepped("dogs", 3, 1, "%");
    const [group] = gallery([whole, small].map(String)).stepped;
    expect(group).toMatchObject({
      key: "dogs",
      steps: [{ step: 3, images: [{ thumbnail: small }] }],
    });
  });

  it("use the file that exists if the other is missing", () => {
    const [whole, small] = stepped("dogs", 3, 1).map(String) as [string, string];
    expect(gallery([small]).stepped[0]?.steps[0]?.images).toEqual([
      { path: small, thumbnail: small },
    ]);
    expect(gallery([whole]).stepped[0]?.steps[0]?.images).toEqual([
      { path: whole, thumbnail: whole },
    ]);
  });
});

describe("other images", () => {
  it("are single, and other files are ignored", () => {
    const paths = ["b10.PNG", "b9.svg", "samples/x.jpeg", "model.pkl", "images", "notes.png.txt"];
    expect(gallery(paths).single.map(({ path }) => path)).toEqual([
      "b9.svg",
      "b10.PNG",
      "samples/x.jpeg",
    ]);
  });

  it("are single if the name only resembles that of a step", () => {
    expect(gallery(["images/a+step+x.png"]).single).toHaveLength(1);
  });

  it("have names and folders", () => {
    expect(folder("samples/RAO/1.png")).toBe("samples/RAO");
    expect(folder("1.png")).toBe("");
    expect(fileName("samples/RAO/1.png")).toBe("1.png");
    expect(imageName(String(stepped("val~worst", 1, 1)[0]))).toBe("val/worst");
    expect(imageName("samples/RAO/1.png")).toBe("samples/RAO/1.png");
    expect(isImage("x.tiff")).toBe(false);
  });
});

// The names of a data report's figures and of the fates of its files, as the page shows them.

import { words } from "../../i18n/words";

/** Figures of the report by their names in the document, in the order of the page. */
export const STEP_FIGURES = [
  "images",
  "samples_per_epoch",
  "samples_per_step",
  "steps_per_epoch",
  "total_steps",
] as const;

export const CAPTION_FIGURES = [
  "beside",
  "in_metadata",
  "fixed",
  "empty",
  "missing",
  "unreadable",
  "without_image",
  "misnamed",
  "truncated",
  "most_tokens",
  "shared_by_images_of_one_name",
  "beside_unlike_metadata",
] as const;

export const IMAGE_FIGURES = [
  "turned_by_exif",
  "transparent_over_white",
  "first_of_several_pages",
  "with_mask",
  "enlarged",
] as const;

export const COPY_FIGURES = [
  "groups",
  "images_that_are_copies",
  "groups_with_different_captions",
  "similar_pairs",
] as const;

export const reportWords = words(
  {
    images: "Images",
    samples_per_epoch: "Samples an epoch, with repeats",
    samples_per_step: "Samples a step",
    steps_per_epoch: "Steps an epoch",
    total_steps: "Steps in total",
    beside: "Beside the image",
    in_metadata: "In metadata.jsonl",
    fixed: "Fixed for all or for a folder",
    empty: "Empty",
    missing: "Missing",
    unreadable: "Unreadable",
    without_image: "Without an image",
    misnamed: "By another ending than expected",
    truncated: "Longer than the encoders read",
    most_tokens: "Tokens of the longest",
    shared_by_images_of_one_name: "Shared by images of one name",
    beside_unlike_metadata: "Unlike that in metadata.jsonl",
    turned_by_exif: "Turned as their EXIF data say",
    transparent_over_white: "Transparent, shown on white",
    first_of_several_pages: "First of several pages",
    with_mask: "With a mask",
    enlarged: "Enlarged",
    groups: "Groups of copies",
    images_that_are_copies: "Images that are copies",
    groups_with_different_captions: "Groups with different captions",
    similar_pairs: "Pairs that look almost the same",
  },
  {
    fr: {
      images: "Images",
      samples_per_epoch: "Exemples par époque, répétitions comprises",
      samples_per_step: "Exemples par pas",
      steps_per_epoch: "Pas par époque",
      total_steps: "Pas en tout",
      beside: "À côté de l’image",
      in_metadata: "Dans metadata.jsonl",
      fixed: "Fixées pour tout ou pour un dossier",
      empty: "Vides",
      missing: "Manquantes",
      unreadable: "Illisibles",
      without_image: "Sans image",
      misnamed: "D’une autre extension que prévu",
      truncated: "Plus longues que ce que lisent les encodeurs",
      most_tokens: "Jetons de la plus longue",
      shared_by_images_of_one_name: "Partagées par des images de même nom",
      beside_unlike_metadata: "Différentes de metadata.jsonl",
      turned_by_exif: "Tournées selon leurs données EXIF",
      transparent_over_white: "Transparentes, sur fond blanc",
      first_of_several_pages: "Première de plusieurs pages",
      with_mask: "Avec un masque",
      enlarged: "Agrandies",
      groups: "Groupes de copies",
      images_that_are_copies: "Images qui sont des copies",
      groups_with_different_captions: "Groupes aux légendes différentes",
      similar_pairs: "Paires presque identiques",
    },
  },
);

/** What becomes of files, in the report's own words. */
export const FATES_IN_FRENCH: Readonly<Record<string, string>> = {
  "an image with a caption beside it": "une image avec une légende à côté",
  "an image with a caption in metadata.jsonl": "une image avec une légende dans metadata.jsonl",
  "an image whose caption is empty": "une image dont la légende est vide",
  "an image with the caption that all or its folder have":
    "une image avec la légende de toutes ou de son dossier",
  "an image without a caption": "une image sans légende",
  "an image whose caption cannot be read": "une image dont la légende est illisible",
  "an image that cannot be read": "une image illisible",
  "an image whose size suits no bucket": "une image dont la taille ne convient à aucun format",
  "an image whose mask cannot be used": "une image dont le masque est inutilisable",
  "a copy of another image": "une copie d’une autre image",
  "a caption": "une légende",
  "captions in metadata.jsonl": "des légendes dans metadata.jsonl",
  "a mask": "un masque",
  "a caption without its image": "une légende sans son image",
  "a caption by another ending than expected": "une légende d’une autre extension que prévu",
  "a mask without its image": "un masque sans son image",
  "hidden, or made by an operating system": "caché, ou créé par un système d’exploitation",
  "no image by its ending": "pas une image d’après son extension",
  "no regular file": "pas un fichier ordinaire",
  "a link that leads nowhere": "un lien qui ne mène nulle part",
  "a link that leads out of the folders of FOVEA_DATA_ROOTS":
    "un lien qui sort des dossiers de FOVEA_DATA_ROOTS",
  "a link to a folder that it is in": "un lien vers un dossier qui le contient",
};

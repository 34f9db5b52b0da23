// A result for the tests.

import type { DiagnosisResult } from "../../../live/schemas";

export function aResult(changes: Partial<DiagnosisResult> = {}): DiagnosisResult {
  return {
    model_used: "retina version 3",
    processing_time: 0.2,
    classification: {
      primary_diagnosis: "RAO",
      confidence: 0.8,
      probabilities: { Normal: 0.1, RAO: 0.8, RVO: 0.1 },
      is_calibrated: true,
    },
    findings: [],
    risk: { score: 1, level: "critical", category: "RAO", urgency: "within 24 h" },
    recommendations: [],
    quality: {
      gradable: true,
      reasons: [],
      advice: "",
      score: 0.9,
      method: "classical_measures",
    },
    modality: { modality: "fundus", confidence: 0.99, method: "classical_measures" },
    out_of_distribution: {
      is_outside: false,
      distance: 20,
      threshold: 60,
      method: "mahalanobis",
    },
    prediction_set: { classes: ["RAO", "RVO"], coverage: 0.9, method: "class_conditional" },
    abstained: false,
    reason: "",
    evidence: [],
    model: { name: "retina", version: "3", run_id: "a" },
    guideline: null,
    intended_use: "Research",
    limitations: [],
    ...changes,
  };
}

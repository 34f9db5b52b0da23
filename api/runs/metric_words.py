"""The words by which the names of other programs' metrics are classified."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from api.runs.metric_roles import Direction, Role, Split


class MetricTerm(BaseModel):
    """The words for one kind of measure. Of several terms in a name, the first in the list counts."""

    role: Role
    direction: Direction = Direction.NONE
    group: str | None = Field(None, description="name of the chart group")
    measure: str | None = Field(
        None, description="of a name with no other words, so that such metrics share a chart"
    )
    words: list[str] = Field(description="single words, or several with spaces between them")
    suffixes: list[str] = Field([], description="ends of words that mean the same")
    alone: list[str] = Field(
        [], description="words that count only if the name has no others but `plain` and numbers"
    )
    plain: list[str] = Field([], description="further words that do not change the measure")
    is_one_chart: bool = Field(False, description="whether every name with the term shares a chart")


class SplitWords(BaseModel):
    split: Split
    words: list[str]


class MetricWords(BaseModel):
    """Tables of the classifier, in lower case."""

    splits: list[SplitWords]
    terms: list[MetricTerm]
    plain: list[str] = Field(description="words that do not change what is measured")
    granularity: list[str] = Field(description="ignored at the beginning and at the end of a name")
    settings: list[str] = Field(
        description="after a term, they make the name that of a setting or a statistic"
    )
    counts: list[str] = Field(description="they make the name that of a number of something")
    undirected: list[str] = Field(description="with these, neither direction is better")


def _words(text: str, phrases: Sequence[str] = ()) -> list[str]:
    return [*text.split(), *phrases]


_TERMS = [
    MetricTerm(
        role=Role.LOSS,
        direction=Direction.LOWER,
        group="loss",
        measure="loss",
        words=_words(
            "loss losses logloss mlogloss nll xent crossentropy objective",
            ["cross entropy", "log loss", "negative log likelihood"],
        ),
        suffixes=["loss", "losses"],
        alone=_words("ce bce"),
        plain=_words("multi categorical sparse"),
    ),
    MetricTerm(
        role=Role.ERROR,
        direction=Direction.LOWER,
        group="error",
        words=_words(
            "error err merror mae mse rmse rmsle msle medae mape smape wape nrmse brier ece deviance "
            "perplexity ppl wer cer fid lpips fpr fnr fdr hd95 hausdorff assd",
            ["false positive rate", "false negative rate", "false discovery rate", "miss rate"],
        ),
        alone=_words("l1 l2"),
    ),
    MetricTerm(
        role=Role.AUC_ROC,
        direction=Direction.HIGHER,
        group="auc_roc",
        measure="auc_roc",
        words=_words("auc auroc rocauc", ["roc auc", "auc roc"]),
        alone=["roc"],
        plain=_words("macro micro weighted ovr ovo"),
    ),
    MetricTerm(
        role=Role.F1,
        direction=Direction.HIGHER,
        group="f1",
        measure="f1",
        words=_words("f1 f1score fscore fbeta", ["f measure"]),
        plain=_words("macro micro weighted"),
    ),
    MetricTerm(
        role=Role.F1,
        direction=Direction.HIGHER,
        group="f1",
        measure="f1",
        words=_words("kappa qwk"),
        plain=_words("cohen cohens quadratic weighted"),
    ),
    MetricTerm(
        role=Role.ACCURACY,
        direction=Direction.HIGHER,
        group="accuracy",
        measure="accuracy",
        words=_words("accuracy acc top1 top5 acc1 acc5"),
        plain=_words("categorical sparse"),
    ),
    MetricTerm(
        role=Role.SCORE,
        direction=Direction.HIGHER,
        group="score",
        words=_words(
            "precision recall sensitivity specificity dice iou miou jaccard map50 mcc matthews r2 tpr "
            "tnr ppv npv auprc prauc aucpr bleu rouge rouge1 rouge2 rougel rougelsum meteor psnr ssim "
            "ndcg mrr reward elbo precisionb recallb map50b",
            [
                *("average precision", "pr auc", "auc pr", "explained variance", "hit rate"),
                *("true positive rate", "true negative rate", "log likelihood"),
            ],
        ),
        alone=_words("map ap"),
    ),
    MetricTerm(
        role=Role.LEARNING_RATE,
        group="learning_rate",
        measure="learning_rate",
        words=_words("lr learningrate", ["learning rate"]),
        is_one_chart=True,
    ),
    MetricTerm(
        role=Role.GRADIENT,
        group="gradient_norm",
        measure="gradient_norm",
        words=_words("grad grads gradient gradients gradnorm", ["grad norm", "gradient norm"]),
        plain=_words("norm global l2"),
    ),
    MetricTerm(
        role=Role.THROUGHPUT,
        direction=Direction.HIGHER,
        group="throughput",
        words=_words("throughput fps", ["per second", "per sec", "per s"]),
    ),
]

METRIC_WORDS = MetricWords(
    splits=[
        SplitWords(split=Split.TRAIN, words=_words("train training trn learn")),
        SplitWords(
            split=Split.VAL,
            words=_words("val valid validation validate eval evaluation dev holdout"),
        ),
        SplitWords(split=Split.TEST, words=_words("test testing tst")),
    ],
    terms=_TERMS,
    plain=_words(
        "total mean avg average running overall smoothed ema best min max final last current score "
        "metric metrics per multiclass binary multilabel value"
    ),
    granularity=_words("step epoch batch iter iteration"),
    settings=_words(
        "weight weights scale scaler scaling threshold thresholds coef coeff coefficient factor alpha "
        "beta gamma temperature count counts time seconds second sec ms duration runtime std stdev stddev var "
        "variance delta diff difference ratio gap improvement patience budget target goal bits size "
        "length memory steps epochs momentum decay warmup margin support interval"
    ),
    counts=_words("num number count counts"),
    undirected=_words(
        "generator discriminator adversarial adv gan gen disc g d critic policy actor neg negative mixed"
    ),
)
